import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ARCHIVE_FORMATS } from '@hatchery/core/runtime'
import { createArchiveStage, fillTree, picture } from './test-stage.ts'
import { rarOf } from './test-rar.ts'

const PROGRAMS = ['tar', 'xz', 'zstd', 'lz4', 'bzip2', '7z', 'bsdtar'] as const
const missing = PROGRAMS.filter((program) => spawnSync('which', [program]).status !== 0)
const hasAll = missing.length === 0
if (!hasAll && process.env['HATCHERY_CI'] !== '1') console.log(`skipped: archives of ${missing.join(', ')} (not there)`)

/** How the real programs pack the directory `world` of the place they are called in. */
const MADE_BY: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'tar.gz': ['tar', '-czf', 'x', 'world'],
  'tar.xz': ['tar', '-cJf', 'x', 'world'],
  'tar.bz2': ['tar', '-cjf', 'x', 'world'],
  'tar.zst': ['tar', '--zstd', '-cf', 'x', 'world'],
  'tar.lz4': ['tar', '-I', 'lz4', '-cf', 'x', 'world'],
  'tar.lz4 in independent blocks with sums': ['tar', '-I', 'lz4 -BI -BX -B4', '-cf', 'x', 'world'],
  '7z': ['7z', 'a', '-bd', '-snl', '-t7z', 'x.7z', 'world'],
  '7z by PPMd': ['7z', 'a', '-bd', '-snl', '-m0=PPMd', 'x.7z', 'world'],
  '7z by BCJ2 and LZMA, not solid': ['7z', 'a', '-bd', '-snl', '-m0=BCJ2', '-m1=LZMA', '-ms=off', 'x.7z', 'world'],
  'zip by 7z': ['7z', 'a', '-bd', '-snl', '-tzip', 'x.zip', 'world'],
  'zip by LZMA': ['7z', 'a', '-bd', '-snl', '-tzip', '-mm=LZMA', 'x.zip', 'world'],
  'zip by Deflate64': ['7z', 'a', '-bd', '-snl', '-tzip', '-mm=Deflate64', 'x.zip', 'world'],
  'zip by bsdtar': ['bsdtar', '--format', 'zip', '-cf', 'x', 'world'],
  'pax by bsdtar': ['bsdtar', '--format', 'pax', '-cf', 'x', 'world'],
}

describe.runIf(hasAll)('archives of other programs', () => {
  test.each(Object.keys(MADE_BY))('%s comes out as it went in', async (name) => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    const [program, ...args] = MADE_BY[name]!
    execFileSync(program, args, { cwd: stage.root, stdio: 'pipe' })
    const file = args.find((arg) => arg.startsWith('x'))!
    await stage.unpack(file)
    expect(await picture(join(stage.root, 'out/world'))).toEqual(await picture(join(stage.root, 'world')))
    expect(await stage.leftovers()).toEqual([])
    const [theirs, ours] = await Promise.all(
      ['world/plain.txt', 'out/world/plain.txt'].map((path) => lstat(join(stage.root, path))),
    )
    expect(Math.abs(theirs!.mtimeMs - ours!.mtimeMs)).toBeLessThan(2001)
  })

  test.each(ARCHIVE_FORMATS)('%s of ours is whole to bsdtar', async (format) => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    await stage.tree.pack({ directory: '', names: ['world'], to: 'x', format })
    await mkdir(join(stage.root, 'theirs'))
    execFileSync('bsdtar', ['-xpf', join(stage.root, 'x'), '-C', join(stage.root, 'theirs')])
    expect(await picture(join(stage.root, 'theirs/world'))).toEqual(await picture(join(stage.root, 'world')))
  })

  test.each(['gzip', 'xz', 'bzip2', 'zstd', 'lz4'])('a text that %s has packed is read as text', async (program) => {
    await using stage = await createArchiveStage()
    const text = Buffer.concat([Buffer.from('line\n'.repeat(200_000)), randomBytes(5000), Buffer.from('end')])
    await writeFile(join(stage.root, 'latest.log'), text)
    const ending = { gzip: 'gz', xz: 'xz', bzip2: 'bz2', zstd: 'zst', lz4: 'lz4' }[program]!
    const packed = execFileSync(program, ['-c', join(stage.root, 'latest.log')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    // Log files are appended to: one member after the other.
    await writeFile(join(stage.root, `latest.log.${ending}`), Buffer.concat([packed, packed]))
    await using open = await stage.tree.archives.open(`latest.log.${ending}`, null)
    expect((await open.stat()).name).toBe('latest.log')
    expect(Buffer.from(await open.read(0, 5)).toString()).toBe('line\n')
    expect(await open.read(0, 10_000_000)).toEqual(Buffer.concat([text, text]))
    await stage.unpack(`latest.log.${ending}`)
    expect((await readFile(join(stage.root, 'out/latest.log'))).equals(Buffer.concat([text, text]))).toBe(true)
  })

  test('what is protected by a password says so, in whatever it is', async () => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    for (const args of [['x.7z'], ['-mhe=on', 'hidden.7z'], ['x.zip'], ['-mem=AES256', 'strong.zip']]) {
      execFileSync('7z', ['a', '-bd', '-psecret', ...args, 'world'], { cwd: stage.root, stdio: 'pipe' })
      await expect(stage.unpack(args.at(-1)!)).rejects.toMatchObject({ code: 'ARCHIVE_ENCRYPTED' })
    }
    const page = await stage.tree.archives.list('x.7z', { directory: 'world' })
    expect(page.members.find(({ name }) => name === 'plain.txt')).toMatchObject({ isEncrypted: true, sizeBytes: 5 })
    await expect(stage.tree.archives.list('hidden.7z')).rejects.toMatchObject({ code: 'ARCHIVE_ENCRYPTED' })
    await expect(stage.tree.archives.open('x.zip', 'world/plain.txt')).rejects.toMatchObject({
      code: 'ARCHIVE_ENCRYPTED',
    })
    expect(await stage.leftovers()).toEqual([])
  })

  test('a part of several says so, or that it ends too early', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'big.bin'), randomBytes(3_000_000))
    execFileSync('7z', ['a', '-bd', '-v1m', 'x.7z', 'big.bin'], { cwd: stage.root, stdio: 'pipe' })
    await writeFile(join(stage.root, 'x.part1.rar'), rarOf({ a: 'content' }, { isVolume: true }))
    for (const name of ['x.7z.001', 'x.7z.002', 'x.part1.rar']) {
      await expect(stage.unpack(name)).rejects.toMatchObject({
        code: expect.stringMatching(/^ARCHIVE_(INVALID|UNSUPPORTED)$/) as string,
      })
    }
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('rar', () => {
  test('is listed, read and unpacked', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'x.rar'), rarOf({ 'world/ä.txt': 'content', 'b.txt': 'b' }))
    const page = await stage.tree.archives.list('x.rar')
    expect(page.members).toMatchObject([
      { name: 'world', type: 'directory' },
      { name: 'b.txt', type: 'file', sizeBytes: 1 },
    ])
    await using open = await stage.tree.archives.open('x.rar', 'world/ä.txt')
    expect(Buffer.from(await open.read(3, 100)).toString()).toBe('tent')
    await stage.unpack('x.rar')
    expect(await readFile(join(stage.root, 'out/world/ä.txt'), 'utf8')).toBe('content')
  })
})
