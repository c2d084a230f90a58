import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  addSshKey,
  createAppPassword,
  createEnrolmentToken,
  createSubuser,
  deleteAppPassword,
  deleteSubuser,
  getServer,
  listServerActivity,
  listSshKeys,
  updateSubuser,
  type SftpAddress,
} from '@hatchery/core/api'
import { createDaemon } from '../../packages/daemon/src/create-daemon.ts'
import { createEndpoints } from '../../packages/daemon/src/endpoints/index.ts'
import { createVolumeFileTree } from '../../packages/daemon/src/files/index.ts'
import { createMemoryRuntime } from '../../packages/daemon/src/runtimes/memory/index.ts'
import { createDirectoryVolumes } from '../../packages/daemon/src/volumes/index.ts'
import { createTestNode } from '../../packages/panel/src/nodes/test-node.ts'
import { until } from '../../packages/panel/src/nodes/until.ts'
import { makeKey } from '../../packages/panel/src/ssh-keys/keygen.test-data.ts'

/** A panel, an agent and OpenSSH's own client, all real; only the game is none. */
async function startAll() {
  const node = await createTestNode({ isConnected: false, now: Date.now })
  const { panel, url, client } = node
  const directory = mkdtempSync(join(tmpdir(), 'hatchery-e2e-sftp-'))
  await panel.ctx.store.transaction(async (trx) => {
    // The installation that the test node was enrolled with makes room for the agent's.
    await trx.updateTable('nodes').set({ installation: null, fqdn: '127.0.0.1' }).execute()
  })
  const { body } = await client.call(createEnrolmentToken, { params: { node: node.node } })
  const daemon = await createDaemon({
    dataDirectory: join(directory, 'agent'),
    panelUrl: url,
    enrolmentToken: async () => body.token,
    log: panel.ctx.log,
    ssh: { host: '127.0.0.1', port: 0 },
    parts: () => ({
      runtime: createMemoryRuntime(),
      volumes: createDirectoryVolumes({ root: join(directory, 'agent/volumes') }),
      files: createVolumeFileTree,
      endpoints: createEndpoints({ allocationsOf: () => [] }),
      outlivesAgent: true,
    }),
  })
  await daemon.start()
  await daemon.connected()
  await until(async () => {
    const row = await panel.ctx.db.selectFrom('nodes').select('instance').executeTakeFirst()
    return row?.instance !== null
  }, 'the connection')
  const owner = await panel.createUser({ username: 'ada.lovelace' })
  const server = await node.createServer({ owner: owner.uuid })
  return {
    panel,
    directory,
    owner,
    params: { server: server.id },
    data: join(directory, 'agent/volumes', server.id, 'data-1'),
    async [Symbol.asyncDispose]() {
      await daemon.stop()
      await node[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true })
    },
  }
}

type Stage = Awaited<ReturnType<typeof startAll>>

/** Somebody at a terminal of their own, with a key or a password. */
function personAt(
  { directory }: Stage,
  address: SftpAddress,
  way: { readonly key: string } | { readonly password: string },
) {
  const own = mkdtempSync(join(directory, 'person-'))
  const options = [
    '-P',
    String(address.port),
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-o',
    `UserKnownHostsFile=${own}/hosts`,
  ]
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: own }
  if ('key' in way) {
    writeFileSync(join(own, 'key'), way.key, { mode: 0o600 })
    options.push('-i', join(own, 'key'), '-o', 'IdentitiesOnly=yes', '-o', 'PreferredAuthentications=publickey')
  } else {
    writeFileSync(join(own, 'ask'), `#!/bin/sh\necho '${way.password}'\n`)
    chmodSync(join(own, 'ask'), 0o700)
    Object.assign(env, { SSH_ASKPASS: join(own, 'ask'), SSH_ASKPASS_REQUIRE: 'force' })
    options.push('-o', 'PreferredAuthentications=password', '-o', 'NumberOfPasswordPrompts=1')
  }
  const target = `${address.username}@${address.host}`
  return {
    hosts: () => readFileSync(join(own, 'hosts'), 'utf8'),
    /** Runs commands one after the other, until one fails. */
    run(...commands: readonly string[]) {
      writeFileSync(join(own, 'batch'), commands.join('\n'))
      return new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
        execFile(
          'sftp',
          [...options, '-o', 'BatchMode=no', '-b', join(own, 'batch'), target],
          { env, cwd: own },
          (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` }),
        )
      })
    },
    /** A session that stays open. */
    open() {
      const child = spawn('sftp', [...options, target], { env, cwd: own, stdio: ['pipe', 'pipe', 'pipe'] })
      let output = ''
      child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
      child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
      return { ended: once(child, 'exit'), say: (line: string) => child.stdin.write(`${line}\n`), output: () => output }
    },
  }
}

test('who has a key or an app password reaches the files, and nobody else', { timeout: 60_000 }, async () => {
  await using stage = await startAll()
  const { panel, owner, params, data } = stage
  const client = await panel.signInAs(owner)
  const sftp = (await client.call(getServer, { params })).body.sftp!
  expect(sftp).toMatchObject({ host: '127.0.0.1', username: `ada.lovelace.${params.server.slice(0, 8)}` })

  const key = await makeKey('ed25519')
  const ada = personAt(stage, sftp, { key: key.privateKey })
  expect((await ada.run('ls')).code).not.toBe(0)
  await client.call(addSshKey, { body: { publicKey: key.publicKey } })
  writeFileSync(join(stage.directory, 'motd.txt'), 'hello')
  const put = await ada.run(`put ${join(stage.directory, 'motd.txt')}`, 'ls -l')
  expect(put).toMatchObject({ code: 0 })
  expect(readFileSync(join(data, 'motd.txt'), 'utf8')).toBe('hello')
  // The fingerprint on the page is that of the key the client has seen.
  const seen = await new Promise<string>((resolve, reject) => {
    const keygen = execFile('ssh-keygen', ['-l', '-f', '-'], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
    keygen.stdin?.end(ada.hosts().replace(/^\S+ /gm, ''))
  })
  expect(seen).toContain(sftp.fingerprint)

  const made = await client.call(createAppPassword, { body: { name: 'FileZilla' } })
  const withPassword = personAt(stage, sftp, { password: made.body.password })
  expect((await withPassword.run('ls')).output).toContain('motd.txt')
  await client.call(deleteAppPassword, { params: { password: made.body.appPassword.id } })
  expect((await withPassword.run('ls')).code).not.toBe(0)
  expect((await personAt(stage, sftp, { password: owner.password }).run('ls')).code).not.toBe(0)

  await until(async () => (await client.call(listSshKeys)).body.data[0]?.lastUsedIp === '127.0.0.1', 'the use is shown')
  const activity = async () => (await client.call(listServerActivity, { params })).body.data.map(({ type }) => type)
  await until(async () => (await activity()).includes('server:ssh.opened'), 'the session is in the activity')
})

test('access that is taken away ends the open session within two seconds', { timeout: 60_000 }, async () => {
  await using stage = await startAll()
  const { panel, owner, params } = stage
  const client = await panel.signInAs(owner)
  const friend = await panel.createUser({ username: 'friend' })
  const permissions = ['websocket.connect', 'file.sftp', 'file.read', 'file.create', 'file.update']
  await client.call(createSubuser, { params, body: { email: friend.email, permissions } })
  const key = await makeKey('ed25519')
  const asFriend = await panel.signInAs(friend)
  await asFriend.call(addSshKey, { body: { publicKey: key.publicKey } })
  const sftp = (await asFriend.call(getServer, { params })).body.sftp!
  const person = personAt(stage, sftp, { key: key.privateKey })
  const user = { ...params, user: friend.uuid }

  for (const take of [
    () =>
      client.call(updateSubuser, {
        params: user,
        body: { permissions: ['websocket.connect', 'file.sftp', 'file.read'] },
      }),
    () => client.call(deleteSubuser, { params: user }),
  ]) {
    const session = person.open()
    session.say('ls')
    await until(() => session.output().includes('sftp> ls'), 'the session is open')
    const takenAt = performance.now()
    expect((await take()).status).toBe(200)
    // The client says so at once, and ends when it is told to do something.
    await until(() => /closed|disconnect/i.test(session.output()), 'the end of the session')
    expect(performance.now() - takenAt).toBeLessThan(2_000)
    session.say('ls')
    await session.ended
  }
  expect((await person.run('ls')).code).not.toBe(0)
})
