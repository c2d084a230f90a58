import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { importBusybox } from '../../packages/daemon/src/runtimes/test-engine.ts'
import { createDockerRuntime } from '../../packages/daemon/src/runtimes/docker/index.ts'
import { serverSpec } from '../../packages/daemon/src/testing/server-spec.ts'
import { TestAgent } from '../../packages/daemon/src/testing/test-agent.ts'
import { createBtrfsDriver } from '../../packages/daemon/src/volumes/btrfs-driver.ts'
import { imageDriver } from '../../packages/daemon/src/volumes/image-driver.ts'
import { createDirectoryVolumes } from '../../packages/daemon/src/volumes/index.ts'

export const LIMIT_MIB = 192
const IMAGE = 'hatchery-test/quota:latest'
const DISK_BYTES = 2 * 1024 ** 3
/** Writes until nothing more is taken, and goes on trying. */
const WRITER =
  'n=0; while true; do dd if=/dev/zero of=fill-$n bs=1M count=64 2>/dev/null || sleep 0.2; n=$((n+1)); done'

export type DriverName = 'btrfs' | 'image' | 'directory'

/** A server on a node of its own, whose files are held by one driver. */
export interface Stage extends AsyncDisposable {
  readonly agent: TestAgent
  readonly server: string
  /** What the files take on the disk, counted past every driver. */
  usedBytes(): Promise<number>
  start(): Promise<void>
  kill(): Promise<void>
  /** Settles when the server has ended by itself, or writes no more. */
  settled(): Promise<string>
}

/** @returns what is missing to prove anything */
export function canProve(): string | null {
  if (process.getuid?.() !== 0 || !existsSync('/dev/loop-control'))
    return 'disk limits (they need root and loop devices)'
  if (spawnSync('mkfs.btrfs', ['--version']).status !== 0) return 'disk limits (btrfs-progs is not there)'
  if (spawnSync('docker', ['info']).status !== 0) return 'disk limits (no Docker engine answers)'
  return null
}

export async function openStage(home: string, name: DriverName, limitMiB: number): Promise<Stage> {
  importBusybox(IMAGE)
  const place = mkdtempSync(path.join(home, `${name}-`))
  execFileSync('chmod', ['755', home, place])
  const disk = path.join(place, 'disk')
  mkdirSync(disk)
  if (name === 'btrfs') {
    writeFileSync(`${disk}.img`, '')
    truncateSync(`${disk}.img`, DISK_BYTES)
    execFileSync('mkfs.btrfs', ['-q', `${disk}.img`], { stdio: 'ignore' })
    execFileSync('mount', ['-o', 'loop', `${disk}.img`, disk])
  }
  const driver = name === 'btrfs' ? await createBtrfsDriver(disk) : name === 'image' ? imageDriver : undefined
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = disk
  const agent = await TestAgent.start({
    runtime: (directory) =>
      createDockerRuntime({ installation: path.basename(directory), subnetPool: '10.214.32.0/20' }),
    volumes: (root) => createDirectoryVolumes({ root, ...(driver && { driver }) }),
  })
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  const { limits } = serverSpec()
  const { id: server } = await agent.installed({
    image: IMAGE,
    startup: WRITER,
    environment: { STARTUP: WRITER },
    done: [],
    stop: { type: 'signal', signal: 'SIGKILL' },
    limits: { ...limits, memoryMiB: 128, diskMiB: limitMiB },
  })
  const volume = path.join(agent.dataDirectory, 'volumes', server)
  const usedBytes = async () => {
    execFileSync('sync', ['-f', volume])
    return Number(execFileSync('du', ['-sB1', '--exclude=.ballast', volume], { encoding: 'utf8' }).split('\t')[0])
  }
  const stateOf = () => agent.panel.reportOf(server)?.state
  const kill = async () => {
    if (stateOf() !== 'offline') await agent.power(server, 'kill')
    await agent.panel.untilState(server, 'offline')
  }
  return {
    agent,
    server,
    usedBytes,
    kill,
    async start() {
      await agent.power(server, 'start')
      await agent.panel.untilState(server, 'running')
    },
    async settled() {
      for (let last = -1; ;) {
        if (stateOf() === 'offline') return 'the server was stopped'
        const used = await usedBytes()
        if (used === last) return 'the kernel takes no more'
        last = used
        await pause(1_500)
      }
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await agent.runtime.remove(server)
      const volumes = createDirectoryVolumes({ root: path.dirname(volume), ...(driver && { driver }) })
      await agent.stop()
      await volumes.remove(server)
      await agent[Symbol.asyncDispose]()
      if (name === 'btrfs') execFileSync('umount', [disk])
      rmSync(place, { recursive: true, force: true })
    },
  }
}
