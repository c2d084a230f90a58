import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createSecretBox } from './aes-secret-box.ts'
import { loadMasterKey } from './master-key.ts'

const key = (byte: number) => new Uint8Array(32).fill(byte)
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

describe('a secret', () => {
  test('opens at its place only', () => {
    const box = createSecretBox(key(1))
    const value = box.encrypt('hunter2', 'nodes:secret:1')
    expect(text(box.decrypt(value, 'nodes:secret:1'))).toBe('hunter2')
    expect(value).not.toContain('hunter2')
    expect(() => box.decrypt(value, 'nodes:secret:2')).toThrow()
    expect(box.encrypt('hunter2', 'nodes:secret:1')).not.toBe(value)
  })

  test('that was changed in any character does not open', () => {
    const box = createSecretBox(key(1))
    const value = box.encrypt('hunter2', 'p')
    for (let index = 0; index < value.length; index++) {
      const changed = `${value.slice(0, index)}${value[index] === 'A' ? 'B' : 'A'}${value.slice(index + 1)}`
      // The last character of base64 carries bits that are no part of any byte.
      if (
        Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(Buffer.from(value.split('.')[2]!, 'base64url')) &&
        changed.startsWith(value.slice(0, 12))
      )
        continue
      expect(() => box.decrypt(changed, 'p')).toThrow()
    }
    for (const broken of ['', 'v1', 'v1.x.y', `${value.slice(0, 14)}`]) expect(() => box.decrypt(broken, 'p')).toThrow()
  })

  test('of an older master key opens while that key is kept, and is told by its id', () => {
    const old = createSecretBox(key(1)).encrypt('hunter2', 'p')
    expect(() => createSecretBox(key(2)).decrypt(old, 'p')).toThrow()
    const both = createSecretBox(key(2), [key(1)])
    expect(text(both.decrypt(old, 'p'))).toBe('hunter2')
    expect(both.encrypt('x', 'p').split('.')[1]).not.toBe(old.split('.')[1])
  })
})

describe('the master key', () => {
  test('is made once, readable by its owner alone, also when several start at once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hatchery-key-'))
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey(directory)))
    expect(new Set(keys.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    const path = join(directory, 'master.key')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await chmod(path, 0o644)
    const before = await readFile(path, 'utf8')
    await loadMasterKey(directory)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toBe(before)
    await writeFile(path, 'short')
    await expect(loadMasterKey(directory)).rejects.toThrow('does not hold a master key')
    await rm(directory, { recursive: true })
  })
})
