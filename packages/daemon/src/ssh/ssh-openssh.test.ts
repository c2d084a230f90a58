import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SshStage } from '../testing/ssh-stage.ts'

const bytes = randomBytes(5_000_000)

for (const isConfined of [false, true]) {
  describe(isConfined ? 'over a files process' : 'over files', () => {
    test('OpenSSH signs in with a key, lists, sends and takes', async () => {
      await using stage = await SshStage.start({ isConfined })
      const local = stage.file('local', bytes)
      const answer = await stage.sftp(
        `put ${local} sent`,
        'mkdir folder',
        'ls -l',
        `get sent ${local}.back`,
        'rename sent folder/moved',
        'chmod 640 folder/moved',
        'symlink folder/moved link',
        'ln folder/moved second',
        'ls -l link',
        'df -h',
        'cd folder',
        'pwd',
        'rm moved',
        'cd ..',
        'rmdir folder',
      )
      expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' })
      expect(answer.stdout).toMatch(/-rw-r--r-- +\S+ server +server +5000000 .* sent\n/)
      expect(answer.stdout).toMatch(/drwxr-xr-x .* folder\n/)
      expect(answer.stdout).toContain('Remote working directory: /folder')
      expect(readFileSync(`${local}.back`).equals(bytes)).toBe(true)
      expect(readFileSync(join(stage.root, 'second')).equals(bytes)).toBe(true)
      expect(statSync(join(stage.root, 'second')).mode & 0o777).toBe(0o640)
      expect(readdirSync(stage.root).toSorted()).toEqual(['link', 'second'])
      expect(stage.saved).toEqual(['sent'])
      expect(stage.faults).toEqual([])
    })
  })
}

test('takes and sends whole folders with times', async () => {
  await using stage = await SshStage.start()
  const folder = join(stage.directory, 'folder')
  mkdirSync(join(folder, 'deep/deeper'), { recursive: true })
  for (let at = 0; at < 150; at += 1) writeFileSync(join(folder, `deep/file ${at}`), String(at))
  writeFileSync(join(folder, 'deep/deeper/empty'), '')
  writeFileSync(join(folder, 'ünïcode'), 'x')
  const { code, stderr } = await stage.sftp(`put -rp ${folder} /`, `get -rp folder ${folder}.back`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { stdout } = await stage.run('diff', ['-r', folder, `${folder}.back`])
  expect(stdout).toBe('')
  const mtime = (path: string) => Math.floor(statSync(path).mtimeMs / 1000)
  expect(mtime(join(stage.root, 'folder/deep/file 7'))).toBe(mtime(join(folder, 'deep/file 7')))
})

for (const protocol of ['-s', '-O']) {
  test(`scp ${protocol === '-s' ? 'by SFTP' : 'in its old form'} copies files and folders both ways`, async () => {
    await using stage = await SshStage.start()
    const local = stage.file('local', bytes)
    const scp = (...args: string[]) => stage.run('scp', [...stage.clientOptions, protocol, ...args])
    expect(await scp(local, `${stage.target}:`)).toMatchObject({ code: 0, stderr: '' })
    expect(await scp(`${stage.target}:local`, `${local}.back`)).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(`${local}.back`).equals(bytes)).toBe(true)

    const folder = join(stage.directory, 'folder')
    mkdirSync(join(folder, 'deep'), { recursive: true })
    writeFileSync(join(folder, 'deep/a b'), 'text')
    writeFileSync(join(folder, 'empty'), '')
    expect(await scp('-r', '-p', folder, `${stage.target}:/`)).toMatchObject({ code: 0, stderr: '' })
    expect(await scp('-r', '-p', `${stage.target}:folder`, `${folder}.back`)).toMatchObject({ code: 0, stderr: '' })
    expect(await stage.run('diff', ['-r', folder, `${folder}.back`])).toMatchObject({ code: 0 })

    const missing = await scp(`${stage.target}:nothing`, `${local}.nothing`)
    expect(missing.code).not.toBe(0)
    expect(missing.stderr).toMatch(/does not exist|No such file/)
    expect(stage.faults).toEqual([])
  })
}

test('the old scp takes nothing that leads out, and no file that may not be written', async () => {
  await using stage = await SshStage.start({ permissions: ['file.sftp', 'file.read', 'file.create'] })
  writeFileSync(join(stage.root, 'there'), 'before')
  symlinkSync('/etc', join(stage.root, 'out'))
  const local = stage.file('there', Buffer.from('after'))
  const scp = (...args: string[]) => stage.run('scp', [...stage.clientOptions, '-O', ...args])
  expect((await scp(local, `${stage.target}:there`)).stderr).toContain('file.update')
  expect((await scp(local, `${stage.target}:out/there`)).code).toBe(1)
  expect((await scp(`${stage.target}:there`, `${local}.back`)).stderr).toContain('file.read-content')
  expect((await scp('-r', `${stage.target}:out`, `${local}.back`)).code).toBe(1)
  expect(readFileSync(join(stage.root, 'there'), 'utf8')).toBe('before')
  expect(existsSync(`${local}.back`)).toBe(false)
  expect((await scp(local, `${stage.target}:new`)).code).toBe(0)
})

test('rsync is told what to use instead, and nothing else is run', async () => {
  await using stage = await SshStage.start()
  const ssh = (...command: string[]) => stage.run('ssh', [...stage.clientOptions, stage.target, ...command])
  expect(await ssh('rsync', '--server', '.')).toMatchObject({ code: 127, stderr: expect.stringContaining('sftp') })
  const shell = await ssh('sh', '-c', '"echo owned"')
  expect(shell).toMatchObject({ code: 127, stdout: expect.stringContaining('no command') })
})

test('forwarding of ports, agents and environment is refused', async () => {
  await using stage = await SshStage.start()
  const forward = await stage.run('ssh', [
    ...stage.clientOptions,
    ...['-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1', stage.target, 'status'],
  ])
  expect(forward.code).toBe(255)
  const through = await stage.run('ssh', [...stage.clientOptions, '-W', `127.0.0.1:${stage.ssh.port}`, stage.target])
  expect(through.code).not.toBe(0)
  expect(through.stdout).toBe('')
})

test.each([
  ['lftp', 'lftp'],
  ['rclone', 'rclone'],
])('%s mirrors a folder both ways', async (_name, program) => {
  await using stage = await SshStage.start()
  const folder = join(stage.directory, 'folder')
  mkdirSync(join(folder, 'deep'), { recursive: true })
  for (let at = 0; at < 40; at += 1) writeFileSync(join(folder, `deep/${at}`), randomBytes(10_000))
  writeFileSync(join(folder, 'large'), bytes)
  const back = `${folder}.back`
  if (program === 'lftp') {
    const connect = `set sftp:connect-program "ssh -a -x ${stage.clientOptions.join(' ')}"; set net:max-retries 1; open -u ${stage.username},x sftp://127.0.0.1:${stage.ssh.port}`
    const script = `${connect}; mirror -R --parallel=4 ${folder} folder && mirror --parallel=4 folder ${back}; exit\n`
    expect(await stage.run('lftp', ['--norc', '-c', script])).toMatchObject({ code: 0 })
  } else {
    const remote = `:sftp,host=127.0.0.1,port=${stage.ssh.port},user=${stage.username},key_file=${stage.keyFile},shell_type=none:folder`
    const options = ['--config', '/dev/null', '--retries', '1']
    expect(await stage.run('rclone', [...options, 'copy', folder, remote])).toMatchObject({ code: 0 })
    expect(await stage.run('rclone', [...options, 'copy', remote, back])).toMatchObject({ code: 0 })
  }
  expect(await stage.run('diff', ['-r', folder, back])).toMatchObject({ code: 0, stdout: '' })
  expect(stage.faults).toEqual([])
})

test.runIf(existsSync('/dev/fuse'))('sshfs shows the files as a folder that can be worked in', async () => {
  await using stage = await SshStage.start()
  const mount = join(stage.directory, 'mount')
  mkdirSync(mount)
  const options = stage.clientOptions.filter((option) => option !== '-F' && option !== '/dev/null')
  const mounted = await stage.run('sshfs', [...options, '-F', '/dev/null', `${stage.target}:/`, mount])
  expect(mounted).toMatchObject({ code: 0 })
  try {
    const script =
      'mkdir a && cp ../local a/b && mv a/b a/c && ln -s c a/d && cmp ../local a/d && echo more >> a/c && rm a/d'
    stage.file('local', bytes)
    expect(await stage.run('sh', ['-c', `cd mount && ${script}`])).toMatchObject({ code: 0, stderr: '' })
  } finally {
    await stage.run('fusermount', ['-u', mount])
  }
  expect(statSync(join(stage.root, 'a/c')).size).toBe(bytes.length + 5)
  expect(readdirSync(join(stage.root, 'a'))).toEqual(['c'])
})
