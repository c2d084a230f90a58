import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { inCluster } from './index.ts'
import { environmentSecret, gamePod, installPod } from './objects.ts'
import { PodLogParser, sinceTime } from './pod-log.ts'
import { quantity } from './pod-metrics.ts'

const context = { installation: 'i', storageClass: null, defaultDiskMiB: 1024, graceSeconds: 120 }
const spec: RuntimeSpec = {
  server: '0198c1b2-0000-7000-8000-000000000001',
  image: 'game:1',
  startup: './game $(PORT) $$',
  environment: { SECRET: 'hunter22' },
  limits: { memoryMiB: 1000, swapMiB: 0, diskMiB: 0, cpuPercent: 150, cpuPinning: null, ioWeight: 500, pids: 64 },
  allocations: [{ ip: '127.0.0.1', port: 25_565, alias: null, isPrimary: true }],
  dataDirectory: '/nowhere',
  uid: 70_001,
  gid: 70_002,
  subnet: null,
}

test('a pod has the container policy, and no variable of the server', () => {
  const pod = gamePod(spec, context)
  expect(pod.spec).toMatchObject({
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 120,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 70_001,
      runAsGroup: 70_002,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  })
  expect(pod.spec.containers[0]).toMatchObject({
    tty: true,
    stdin: true,
    stdinOnce: false,
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    resources: { limits: { memory: String(1150 * 1024 * 1024), cpu: '1500m' }, requests: { cpu: '375m' } },
  })
  expect(JSON.stringify(pod)).not.toContain('hunter22')
  expect(environmentSecret(spec, 'game', context).stringData).toMatchObject({ SECRET: 'hunter22' })
})

test('a startup line reaches the shell as it is', () => {
  const line = gamePod(spec, context).spec.containers[0]?.command[2]
  expect(line).toContain('./game $$(PORT) $$$$')
})

test('an installer is root with six capabilities and ends by itself', () => {
  const script = { image: 'installer:1', entrypoint: 'bash', script: 'true' }
  const pod = installPod({ ...spec, script, deadlineMs: 60_000 }, context)
  expect(pod.spec.activeDeadlineSeconds).toBe(120)
  expect(pod.spec.containers[0]?.securityContext.capabilities).toEqual({
    drop: ['ALL'],
    add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETUID', 'SETGID'],
  })
})

test('lines of one time get cursors of their own, the same whenever they are read', () => {
  const log = '2026-01-02T03:04:05.1Z a\n2026-01-02T03:04:05.1Z b\n2026-01-02T04:04:06.000000001+01:00 c\nno time\n'
  const whole = new PodLogParser().push(Buffer.from(log))
  expect(whole.map(({ text }) => text)).toEqual(['a', 'b', 'c'])
  expect(whole.map(({ atNs }) => BigInt(atNs) - BigInt(whole[0]!.atNs))).toEqual([0n, 1n, 900_000_001n])
  const bytewise = new PodLogParser()
  expect([...Buffer.from(log)].flatMap((byte) => bytewise.push(Buffer.of(byte)))).toEqual(whole)
  expect(sinceTime(whole[1]!.atNs)).toBe('2026-01-02T03:04:05.000Z')
})

test.each([
  ['250m', 0.25],
  ['12345n', 0.000012345],
  ['64Mi', 67_108_864],
  ['3', 3],
])('reads the quantity %s', (text, value) => expect(quantity(text)).toBeCloseTo(value, 12))

test('an agent in a pod finds its cluster, and takes a renewed token', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runtimes-account-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'ca.crt'), 'certificate')
  writeFileSync(join(directory, 'token'), 'first\n')
  const { url, ca, token } = await inCluster({ KUBERNETES_SERVICE_HOST: 'fd00::1' }, directory)
  expect([url, ca]).toEqual(['https://[fd00::1]:443', 'certificate'])
  writeFileSync(join(directory, 'token'), 'second\n')
  expect(typeof token === 'function' && (await token())).toBe('second')
  await expect(inCluster({}, directory)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
})
