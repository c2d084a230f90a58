import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SshStage } from '../testing/ssh-stage.ts'

test('OpenSSH signs in with a key, lists, sends and takes', async () => {
  await using stage = await SshStage.start()
  const bytes = randomBytes(5_000_000)
  const local = stage.file('local', bytes)
  const { code, stdout, stderr } = await stage.sftp(
    `put ${local} sent`,
    'mkdir folder',
    'ls -l',
    `get sent ${local}.back`,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/-rw-r--r-- +\S+ server +server +5000000 .* sent\n/)
  expect(stdout).toMatch(/drwxr-xr-x .* folder\n/)
  expect(readFileSync(join(stage.root, 'sent')).equals(bytes)).toBe(true)
  expect(readFileSync(`${local}.back`).equals(bytes)).toBe(true)
  expect(stage.saved).toEqual(['sent'])
  expect(stage.faults).toEqual([])
})
