import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ARCHIVE_FORMATS } from '@hatchery/core/runtime'
import { createArchiveStage, fillTree } from './test-stage.ts'
import { rarOf } from './test-rar.ts'

async function stageWith(format: (typeof ARCHIVE_FORMATS)[number]) {
  const stage = await createArchiveStage()
  await fillTree(stage.root)
  await stage.tree.pack({ directory: '', names: ['world'], to: 'x', format })
  return stage
}

describe.each(ARCHIVE_FORMATS)('an archive of the kind %s', (format) => {
  test('is listed by directory and page, directories first', async () => {
    await using stage = await stageWith(format)
    const top = await stage.tree.archives.list('x')
    expect(top).toMatchObject({ total: 1, members: [{ name: 'world', type: 'directory' }] })
    expect(top.revision).toBe((await stage.tree.stat('x'))!.revision)
    const whole = await stage.tree.archives.list('x', { directory: 'world' })
    const names = whole.members.map(({ name }) => name)
    expect(names.toSorted()).toEqual((await readdir(join(stage.root, 'world'))).toSorted())
    const kinds = whole.members.map(({ type }) => type === 'directory')
    expect(kinds).toEqual(kinds.toSorted((one, other) => Number(other) - Number(one)))
    expect(whole.members.find(({ name }) => name === 'big.bin')).toMatchObject({ sizeBytes: 3_000_000, type: 'file' })
    const page = await stage.tree.archives.list('x', { directory: 'world', offset: 1, limit: 2 })
    expect(page).toEqual({ ...whole, members: whole.members.slice(1, 3) })
    for (const directory of ['nowhere', 'world/plain.txt', '../world']) {
      await expect(stage.tree.archives.list('x', { directory })).rejects.toMatchObject({
        code: 'ARCHIVE_MEMBER_NOT_FOUND',
      })
    }
  })

  test('gives one file, from any place on', async () => {
    await using stage = await stageWith(format)
    await using open = await stage.tree.archives.open('x', 'world/big.bin')
    const content = await readFile(join(stage.root, 'world/big.bin'))
    expect(await open.stat()).toMatchObject({ name: 'big.bin', sizeBytes: content.length })
    for (const [offset, length] of [
      [0, 10],
      [2_000_000, 1000],
      [5, 100],
      [2_999_990, 100],
      [3_000_000, 10],
    ] as const) {
      const part = Buffer.from(await open.read(offset, length))
      expect(part.equals(content.subarray(offset, offset + length))).toBe(true)
    }
    await expect(stage.tree.archives.open('x', 'world')).rejects.toMatchObject({ code: 'PATH_INVALID' })
    await expect(stage.tree.archives.open('x', 'world/none')).rejects.toMatchObject({
      code: 'ARCHIVE_MEMBER_NOT_FOUND',
    })
  })

  test('tells while it is made how far of the whole it is', async () => {
    await using stage = await stageWith(format)
    const shares: number[] = []
    const what = { directory: '', names: ['world'], to: 'again', format }
    await stage.tree.pack({ ...what, onProgress: ({ done }) => shares.push(done!.bytes / done!.totalBytes) })
    expect(shares).toEqual(shares.toSorted((one, other) => one - other))
    expect(shares.at(-1)).toBe(1)
  })

  test('gives up only what was asked for', async () => {
    await using stage = await stageWith(format)
    const progress: number[] = []
    await stage.unpack('x', {
      members: ['world/plain.txt', 'world/empty'],
      onProgress: ({ done }) => progress.push(done!.bytes / done!.totalBytes),
    })
    expect(await readdir(join(stage.root, 'out'))).toEqual(['world'])
    expect((await readdir(join(stage.root, 'out/world'))).toSorted()).toEqual(['empty', 'plain.txt'])
    expect(progress).toEqual(progress.toSorted((one, other) => one - other))
    expect(Math.max(...progress)).toBeLessThanOrEqual(1)
    const nothing = stage.unpack('x', { to: 'other', members: ['world/plain'] })
    await expect(nothing).rejects.toMatchObject({ code: 'ARCHIVE_MEMBER_NOT_FOUND' })
    expect(await readdir(stage.root)).not.toContain('other')
  })
})

describe('looking into archives', () => {
  test('sees a changed archive as it is now', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'x.rar'), rarOf({ before: 'a' }))
    expect((await stage.tree.archives.list('x.rar')).members).toMatchObject([{ name: 'before' }])
    await writeFile(join(stage.root, 'x.rar'), rarOf({ afterwards: 'b' }))
    expect((await stage.tree.archives.list('x.rar')).members).toMatchObject([{ name: 'afterwards' }])
  })

  test('is refused where reading is', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'x.gz'), gzipSync('secret'))
    const guarded = stage.tree.protecting(['*.gz'])
    await expect(guarded.archives.list('x.gz')).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
    await expect(guarded.archives.open('x.gz', 'x')).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
    await expect(guarded.archives.open('x.gz', null)).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
  })

  test('shows a compressed file as an archive of one, and its text', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'latest.log.gz'), gzipSync('line'.repeat(100_000)))
    expect((await stage.tree.archives.list('latest.log.gz')).members).toMatchObject([
      { name: 'latest.log', sizeBytes: 400_000 },
    ])
    await using open = await stage.tree.archives.open('latest.log.gz', 'latest.log')
    expect(Buffer.from(await open.read(399_998, 10)).toString()).toBe('ne')
    await writeFile(join(stage.root, 'text'), 'plain')
    await expect(stage.tree.archives.open('text', null)).rejects.toMatchObject({ code: 'ARCHIVE_UNSUPPORTED' })
  })

  test('ends when nobody waits for it any more', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'x.rar'), rarOf({ a: 'a' }))
    const abort = new AbortController()
    abort.abort(new Error('gone'))
    await expect(stage.tree.archives.list('x.rar', { signal: abort.signal })).rejects.toThrow('gone')
    const unpacking = stage.unpack('x.rar', { signal: abort.signal })
    await expect(unpacking).rejects.toThrow('gone')
  })
})
