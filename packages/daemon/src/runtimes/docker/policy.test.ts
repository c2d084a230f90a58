import type { ContainerInspectInfo } from 'dockerode'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { createDirectoryVolumes } from '../../volumes/index.ts'
import { hasEngine, importBusybox, run } from '../test-engine.ts'
import { createDockerRuntime } from './index.ts'

const IMAGE = 'hatchery-test/policy:latest'
const OWNER = { uid: 70_011, gid: 70_012 }
const MIB = 1024 * 1024

const isHere = hasEngine('docker container policy')
if (isHere) importBusybox(IMAGE, { changes: ['VOLUME /data', 'VOLUME /home/container', 'CMD ["/bin/sh"]'] })

async function createHarness() {
  const root = await mkdtemp(join(tmpdir(), 'runtimes-policy-'))
  const runtime = createDockerRuntime({
    installation: `policy-${randomUUID()}`,
    subnetPool: '10.214.16.0/22',
    firewall: false,
  })
  const server = randomUUID()
  const { dataDirectory } = await createDirectoryVolumes({ root }).create(server, OWNER)
  const spec: RuntimeSpec = {
    server,
    image: IMAGE,
    startup: 'sleep 1000',
    environment: { GREETING: 'hello' },
    limits: { memoryMiB: 100, swapMiB: 50, diskMiB: 0, cpuPercent: 150, cpuPinning: '0', ioWeight: 500, pids: 64 },
    allocations: [],
    dataDirectory,
    ...OWNER,
    subnet: null,
  }
  const name = `hatchery-${server}`
  return {
    runtime,
    spec,
    name,
    inspect: (container = name) => (JSON.parse(run('docker', ['inspect', container])) as ContainerInspectInfo[])[0]!,
    inside: (script: string) => run('docker', ['exec', name, '/bin/sh', '-c', script]).trim(),
    async [Symbol.asyncDispose]() {
      await runtime.remove(server)
      await runtime[Symbol.asyncDispose]()
      await rm(root, { recursive: true, force: true })
    },
  }
}

describe.runIf(isHere)('docker container policy', { timeout: 30_000 }, () => {
  test('a game container is made as the table says', async () => {
    await using harness = await createHarness()
    const { runtime, spec, inspect } = harness
    await runtime.create({ ...spec, allocations: [{ ip: '127.0.0.1', port: 39_911, alias: null, isPrimary: true }] })
    const { Config, HostConfig } = inspect()
    expect(Config).toMatchObject({
      User: '70011:70012',
      WorkingDir: '/home/container',
      Tty: true,
      OpenStdin: true,
      StdinOnce: false,
    })
    expect(Config.Env).toEqual(expect.arrayContaining(['GREETING=hello', 'STARTUP=sleep 1000', 'HOME=/home/container']))
    expect(Config.Labels).toMatchObject({ 'hatchery.server': spec.server, 'hatchery.kind': 'game' })
    const memory = 115 * MIB
    expect(HostConfig).toMatchObject({
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Memory: memory,
      MemorySwap: memory + 50 * MIB,
      CpuPeriod: 100_000,
      CpuQuota: 150_000,
      CpusetCpus: '0',
      PidsLimit: 64,
      RestartPolicy: { Name: 'no' },
      PidMode: '',
      IpcMode: 'private',
      UTSMode: '',
      NetworkMode: harness.name,
      Init: true,
      LogConfig: { Type: 'local', Config: { 'max-size': '32m', 'max-file': '3', compress: 'false' } },
      PortBindings: {
        '39911/tcp': [{ HostIp: '127.0.0.1', HostPort: '39911' }],
        '39911/udp': [{ HostIp: '127.0.0.1', HostPort: '39911' }],
      },
    })
    expect(HostConfig.CapAdd ?? []).toEqual([])
    expect(HostConfig.Devices ?? []).toEqual([])
    expect(HostConfig.Binds ?? []).toEqual([])
    expect(Object.keys(HostConfig.Tmpfs ?? {}).toSorted()).toEqual(['/data', '/tmp'])
    for (const options of Object.values(HostConfig.Tmpfs ?? {}))
      expect(options).toMatch(/nosuid,nodev.*uid=70011,gid=70012,size=\d+m/)
    expect(inspect().Mounts.map((mount) => [mount.Type, mount.Destination])).toEqual([['bind', '/home/container']])
  })

  test('inside it nothing but the data, /tmp and declared volumes can be written, and no privilege is left', async () => {
    await using harness = await createHarness()
    const { runtime, spec, inside } = harness
    await runtime.create(spec)
    await runtime.start(spec.server)
    expect(inside('id -u; id -g')).toBe('70011\n70012')
    for (const line of ['CapEff:0000000000000000', 'CapBnd:0000000000000000', 'NoNewPrivs:1']) {
      expect(inside("tr -d '\\t' < /proc/self/status").split('\n')).toContain(line)
    }
    expect(inside('for d in /home/container /tmp /data; do touch $d/x && echo $d; done')).toBe(
      '/home/container\n/tmp\n/data',
    )
    expect(inside('for d in / /etc /bin /root; do touch $d/x 2>/dev/null && echo $d; done; true')).toBe('')
    expect(inside('dd if=/dev/zero of=/data/big bs=1M count=100 2>/dev/null; stat -c %s /data/big')).toBe(
      String(64 * MIB),
    )
  })

  test('an installer is root with six capabilities and no more', async () => {
    await using harness = await createHarness()
    const { runtime, spec, inspect } = harness
    let seen: ContainerInspectInfo | undefined
    const lines: string[] = []
    const script =
      'grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status; id -u; touch /mnt/server/x; chown 5:6 /mnt/server/x; echo end'
    const { exitCode } = await runtime.install(
      { ...spec, script: { image: IMAGE, entrypoint: 'ash', script }, deadlineMs: 20_000 },
      (line) => {
        seen ??= inspect(`${harness.name}-install`)
        lines.push(line.replaceAll('\t', ''))
      },
    )
    expect([exitCode, lines]).toEqual([0, ['CapEff:00000000000000db', 'NoNewPrivs:1', '0', 'end']])
    expect(seen?.HostConfig).toMatchObject({
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 512,
      IpcMode: 'private',
      PidMode: '',
      NetworkMode: harness.name,
    })
    expect(seen?.HostConfig.CapAdd?.toSorted()).toEqual([
      'CHOWN',
      'DAC_OVERRIDE',
      'FOWNER',
      'FSETID',
      'SETGID',
      'SETUID',
    ])
    expect(seen?.HostConfig.Memory).toBeGreaterThan(1024 * MIB)
    expect(seen?.Config.User).toBe('0:0')
    expect(run('docker', ['ps', '-aq', '--filter', `name=${harness.name}-install`])).toBe('')
  })

  test('each server has a network of its own, of 16 addresses, where nobody talks to a neighbour', async () => {
    await using harness = await createHarness()
    await harness.runtime.create(harness.spec)
    const [network] = JSON.parse(run('docker', ['network', 'inspect', harness.name])) as [
      { IPAM: { Config: { Subnet: string }[] }; Options: Record<string, string> },
    ]
    expect(network.IPAM.Config[0]?.Subnet).toMatch(/^10\.214\.1[6-9]\.\d+\/28$/)
    expect(network.Options['com.docker.network.bridge.enable_icc']).toBe('false')
    await harness.runtime.remove(harness.spec.server)
    expect(run('docker', ['network', 'ls', '-q', '--filter', `name=${harness.name}`])).toBe('')
  })

  test('a container that somebody else gave the name is left alone', async () => {
    await using harness = await createHarness()
    const { runtime, spec, name, inspect } = harness
    run('docker', ['run', '-d', '--name', name, IMAGE, 'sleep', '1000'])
    try {
      await expect(runtime.create(spec)).rejects.toMatchObject({ code: 'CONTAINER_CONFLICT' })
      await runtime.kill(spec.server)
      await runtime.remove(spec.server)
      expect(await runtime.inspect(spec.server)).toBeNull()
      expect(await runtime.list()).toEqual([])
      expect(inspect().State.Running).toBe(true)
    } finally {
      run('docker', ['rm', '-f', name])
    }
  })

  test('the installer that a crashed agent left behind is replaced', async () => {
    await using harness = await createHarness()
    const { runtime, spec, name } = harness
    const script = { image: IMAGE, entrypoint: 'sh', script: 'echo hi' }
    await runtime.create(spec)
    const installation = harness.inspect().Config.Labels['hatchery.installation']
    run('docker', [
      'run',
      '-d',
      '--name',
      `${name}-install`,
      '--label',
      `hatchery.installation=${installation}`,
      IMAGE,
      'sleep',
      '1000',
    ])
    expect((await runtime.install({ ...spec, script, deadlineMs: 20_000 }, () => undefined)).exitCode).toBe(0)
  })

  test('a server that takes more memory than it may is killed, and the exit says why', async () => {
    await using harness = await createHarness()
    const { runtime, spec } = harness
    await runtime.create({
      ...spec,
      limits: { ...spec.limits, memoryMiB: 16, swapMiB: 0 },
      startup: 'head -c 200m /dev/zero | tail',
    })
    await runtime.start(spec.server)
    expect(await runtime.waitForExit(spec.server)).toMatchObject({ isRunning: false, oomKilled: true })
  })

  test('limits of a running server can be changed', async () => {
    await using harness = await createHarness()
    const { runtime, spec, inspect } = harness
    await runtime.create(spec)
    await runtime.start(spec.server)
    await runtime.resize(spec.server, { ...spec.limits, memoryMiB: 3000, swapMiB: -1, cpuPercent: 30, pids: 99 })
    expect(inspect().HostConfig).toMatchObject({
      Memory: 3300 * MIB,
      MemorySwap: 3300 * MIB + 2 ** 44,
      CpuQuota: 30_000,
      PidsLimit: 99,
    })
  })
})
