import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { statSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ssh2, { type ClientChannel, type ConnectConfig, type KeyboardInteractiveAuthMethod } from 'ssh2'
import { expect, test } from 'vitest'
import { AppError } from '@hatchery/core/errors'
import { SshStage } from '../testing/ssh-stage.ts'
import { AuthThrottle, addressKey } from './auth-throttle.ts'
import { fingerprintOf, readHostKey } from './host-key.ts'
import { readSshListen } from './ssh-options.ts'

type Done<T> = (error: Error | undefined, value: T) => void

/** A client in this process; resolves when it is signed in. */
async function signIn(stage: SshStage, change: Partial<ConnectConfig> = {}) {
  const client = new ssh2.Client()
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', () => resolve())
    client.on('error', reject)
  })
  const { port } = stage.ssh
  client.connect({ host: '127.0.0.1', port, username: stage.username, password: 'hap_correct', ...change })
  await ready
  return { client, closed, [Symbol.asyncDispose]: async () => void client.end() }
}

function openSftp(client: InstanceType<typeof ssh2.Client>): Promise<ClientChannel> {
  return new Promise((resolve, reject) =>
    client.subsys('sftp', (error, channel) => (error ? reject(error) : resolve(channel))),
  )
}

test('asks once whether a key would do, and again when it is proven', async () => {
  await using stage = await SshStage.start()
  expect((await stage.sftp('pwd')).code).toBe(0)
  expect(stage.access.asked.map(({ credential }) => credential.kind === 'publicKey' && credential.isSigned)).toEqual([
    false,
    true,
  ])
  expect(stage.access.asked[0]).toMatchObject({ username: stage.username, address: '127.0.0.1' })
})

test('lets in with a password, typed or in a dialogue, and says who came and went', async () => {
  await using stage = await SshStage.start()
  for (const tryKeyboard of [false, true]) {
    const { client, closed } = await signIn(stage, tryKeyboard ? { password: '', tryKeyboard, ...dialogue() } : {})
    client.end()
    await closed
  }
  await expect
    .poll(() => stage.events.map(({ name }) => name))
    .toEqual(['ssh.opened', 'ssh.closed', 'ssh.opened', 'ssh.closed'])
  expect(stage.events[0]?.data).toMatchObject({
    user: stage.user,
    server: stage.serverId,
    credentialId: stage.identity.credentialId,
    address: '127.0.0.1',
    client: expect.stringContaining('ssh2js'),
  })

  function dialogue(): Partial<ConnectConfig> {
    const method: KeyboardInteractiveAuthMethod = {
      type: 'keyboard-interactive',
      username: stage.username,
      prompt: (_name, _instructions, _language, _prompts, finish) => finish(['hap_correct']),
    }
    return { authHandler: [method] as unknown as NonNullable<ConnectConfig['authHandler']> }
  }
})

test('refuses a wrong password, an unknown name and a key of somebody else, and writes none of them down', async () => {
  const said: string[] = []
  await using stage = await SshStage.start()
  stage.faults.push = (...lines: unknown[]) => said.push(...lines.map(String))
  await expect(signIn(stage, { password: 'secret-guess' })).rejects.toThrow('authentication methods failed')
  await expect(signIn(stage, { username: 'nobody.12345678' })).rejects.toThrow('authentication methods failed')
  stage.access.people[0] = { ...stage.access.people[0]!, key: 'AAAA' }
  expect((await stage.sftp('pwd')).code).not.toBe(0)
  expect(said.join()).not.toContain('secret-guess')
  expect(stage.ssh.connections.size).toBe(0)
})

test('a revision below the stored minimum opens nothing, and what is open by it ends', async () => {
  await using stage = await SshStage.start()
  await using kept = await signIn(stage)
  const channel = (await openSftp(kept.client)).resume()
  const start = performance.now()
  stage.state.accessFloors.raise(randomUUID(), null, 99)
  stage.state.accessFloors.raise(stage.user, randomUUID(), 99)
  expect(stage.ssh.connections.size).toBe(1)
  stage.state.accessFloors.raise(stage.user, stage.serverId, 2)
  await Promise.all([kept.closed, once(channel, 'close')])
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(stage.ssh.connections.size).toBe(0)

  await expect(signIn(stage)).rejects.toThrow()
  stage.identity.accessRevision = 2
  await using again = await signIn(stage)
  expect(again.client).toBeDefined()
})

test('a session revoked in the middle of an upload writes nothing more', async () => {
  await using stage = await SshStage.start()
  const sending = stage.run('ssh', [...stage.clientOptions, '-s', stage.target, 'sftp'])
  await expect.poll(() => stage.ssh.connections.size + stage.access.asked.length, { timeout: 5_000 }).toBeGreaterThan(0)
  await sending
  await using writer = await signIn(stage)
  const sftp = await new Promise<import('ssh2').SFTPWrapper>((resolve, reject) =>
    writer.client.sftp((error, made) => (error ? reject(error) : resolve(made))),
  )
  const stream = sftp.createWriteStream('/growing')
  stream.on('error', () => undefined) // the connection ends under it
  const path = join(stage.root, 'growing')
  const feed = setInterval(() => stream.write(Buffer.alloc(32_768)), 1)
  await expect.poll(() => statSync(path, { throwIfNoEntry: false })?.size ?? 0).toBeGreaterThan(100_000)
  stage.state.accessFloors.raise(stage.user, null, 2)
  await writer.closed
  await expect.poll(() => stage.saved).toEqual(['growing'])
  const { size } = statSync(path)
  clearInterval(feed)
  await expect(signIn(stage)).rejects.toThrow()
  expect(statSync(path).size).toBe(size)
})

test('what is read is what was written last, through whichever file, and by others half a second ago at most', async () => {
  await using stage = await SshStage.start()
  await using reader = await signIn(stage)
  const sftp = await new Promise<import('ssh2').SFTPWrapper>((resolve, reject) =>
    reader.client.sftp((error, made) => (error ? reject(error) : resolve(made))),
  )
  const open = promisify(sftp.open.bind(sftp) as (path: string, flags: string, done: Done<Buffer>) => void)
  const write = promisify(sftp.write.bind(sftp)) as (...args: unknown[]) => Promise<void>
  const read = (handle: Buffer) =>
    new Promise<string>((resolve, reject) =>
      sftp.read(handle, Buffer.alloc(100), 0, 100, 0, (error, length, bytes) =>
        error ? reject(error) : resolve(bytes.subarray(0, length).toString()),
      ),
    )
  writeFileSync(join(stage.root, 'file'), 'before')
  const handle = await open('/file', 'r')
  expect(await read(handle)).toBe('before')
  const other = await open('/file', 'r+')
  await write(other, Buffer.from('behind'), 0, 6, 0)
  expect(await read(handle)).toBe('behind')

  const third = await open('/file', 'r')
  writeFileSync(join(stage.root, 'file'), 'by a game')
  await expect.poll(() => read(third)).toBe('by a game')
})

test('without the panel nobody new comes in, and what is open ends after its time', async () => {
  await using stage = await SshStage.start({ ssh: { aloneMs: 300 } })
  await using kept = await signIn(stage)
  stage.access.isReachable = false
  stage.ssh.onContact(false)
  const refused = await stage.sftp('pwd')
  expect(refused).toMatchObject({ code: 255, stderr: expect.stringContaining('The panel cannot be reached') })
  expect(stage.ssh.connections.size).toBe(1)
  await kept.closed
  expect(stage.ssh.connections.size).toBe(0)
})

test('contact that comes back in time ends nothing', async () => {
  await using stage = await SshStage.start({ ssh: { aloneMs: 200 } })
  await using kept = await signIn(stage)
  stage.ssh.onContact(false)
  stage.ssh.onContact(true)
  await using other = await signIn(stage)
  await new Promise((resolve) => AbortSignal.timeout(400).addEventListener('abort', resolve))
  expect(stage.ssh.connections.size).toBe(2)
  expect([kept, other]).toHaveLength(2)
})

test('a sign-in that cannot be looked at ends the connection', async () => {
  await using stage = await SshStage.start()
  stage.access.failure = new AppError('DEADLINE_EXCEEDED', { method: 'ssh.authenticate', deadlineMs: 10_000 })
  await expect(signIn(stage)).rejects.toThrow()
  expect(stage.ssh.connections.size).toBe(0)
})

test('connections that do not sign in are bounded and end', async () => {
  await using stage = await SshStage.start({ ssh: { maxWaiting: { perAddress: 2, inAll: 10 }, signInMs: 500 } })
  const idle = [1, 2].map(() => connect(stage.ssh.port, '127.0.0.1'))
  const ends = idle.map((socket) => once(socket.resume(), 'close'))
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  await expect.poll(async () => (await stage.sftp('pwd')).stderr, { timeout: 5_000 }).toContain('have not signed in')
  await Promise.all(ends)
  expect((await stage.sftp('pwd')).code).toBe(0)
})

test('channels of one connection are bounded', async () => {
  await using stage = await SshStage.start()
  await using kept = await signIn(stage)
  const opened = await Promise.allSettled(Array.from({ length: 30 }, () => openSftp(kept.client)))
  expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(16)
})

test('an address that fails waits longer each time; a name is slowed for passwords only', () => {
  let now = 0
  const throttle = new AuthThrottle(() => now)
  const guess = { address: '192.0.2.1', username: 'alice.12345678', kind: 'password' } as const
  const delays = Array.from({ length: 12 }, () => {
    throttle.fail(guess)
    return throttle.delayOf(guess)
  })
  expect(delays.slice(0, 5)).toEqual([0, 0, 250, 500, 1_000])
  expect(delays.at(-1)).toBe(15_000)
  expect(throttle.delayOf({ ...guess, address: '192.0.2.2' })).toBe(3_000)
  expect(throttle.delayOf({ ...guess, address: '192.0.2.2', kind: 'publicKey' })).toBe(0)
  throttle.succeed(guess)
  expect(throttle.delayOf({ ...guess, kind: 'publicKey' })).toBe(0)
  now += 10 * 60_000
  expect(throttle.delayOf(guess)).toBe(0)
})

test('addresses of one IPv6 network count as one', () => {
  expect(addressKey('2001:db8:1:2:3::4')).toBe(addressKey('2001:db8:1:2::1'))
  expect(addressKey('2001:db8::1')).not.toBe(addressKey('2001:db8:0:1::1'))
  expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1')
})

test('the host key is made once, is for nobody else to read, and is what ssh-keygen says', async () => {
  await using stage = await SshStage.start()
  const file = join(stage.directory, 'host_key')
  const [first, second] = [await readHostKey(file), await readHostKey(file)]
  expect(second).toEqual(first)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { stdout } = await stage.run('ssh-keygen', ['-l', '-f', file])
  expect(stdout).toContain(first.fingerprint)
  const [, key = ''] = readFileSync(`${stage.keyFile}.pub`, 'utf8').split(' ')
  expect(fingerprintOf(Buffer.from(key, 'base64'))).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
  stage.file('host_key', Buffer.from('nonsense'))
  await expect(readHostKey(file)).rejects.toThrow('holds no SSH key')
})

test('where to listen is read from the command line', () => {
  expect(readSshListen('none')).toBeNull()
  expect(readSshListen('2022')).toEqual({ port: 2022 })
  expect(readSshListen('[::1]:0')).toEqual({ host: '::1', port: 0 })
  expect(() => readSshListen('22222222')).toThrow('--ssh-listen')
})
