import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ARCHIVE_FORMATS } from '@hatchery/core/runtime'
import type { PackEntry } from './archive-entry.ts'
import { createArchiveStage, fillTree, LIMITS, picture } from './test-stage.ts'
import { writeTar } from './write-tar.ts'
import { writeZip } from './write-zip.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython && process.env['HATCHERY_CI'] !== '1') console.log('skipped: zip against python3 (there is none)')

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

const entry = (path: string, content: string | Buffer = 'x', change: Partial<PackEntry> = {}): PackEntry => {
  const body = Buffer.from(content as string)
  return {
    path: Buffer.from(path),
    type: 'file',
    mode: 0o644,
    modifiedAt: 0,
    linkTarget: Buffer.alloc(0),
    sizeBytes: body.length,
    async *body() {
      yield body
    },
    ...change,
  }
}
const linkTo = (path: string, target: string) =>
  entry(path, '', { type: 'symlink', linkTarget: Buffer.from(target), sizeBytes: 0 })
async function* each(entries: readonly PackEntry[]) {
  yield* entries
}
const tarOf = (...entries: readonly PackEntry[]) => collect(writeTar(each(entries)))
const zipOf = (...entries: readonly PackEntry[]) => collect(writeZip(each(entries)))

/** Gives a tar header another kind, with a checksum that fits. */
function kindOf(tar: Buffer, kind: string): Buffer {
  const copy = Buffer.from(tar)
  copy.write(kind, 156, 'latin1')
  copy.write('        ', 148, 'latin1')
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return copy
}

describe.each(ARCHIVE_FORMATS)('%s', (format) => {
  test('what is packed comes out as it was', async () => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    await stage.tree.pack({ directory: '', names: ['world'], to: 'archive', format })
    await stage.unpack('archive')
    expect(await picture(join(stage.root, 'out/world'))).toEqual(await picture(join(stage.root, 'world')))
    expect(await stage.leftovers()).toEqual([])
    await expect(stage.tree.pack({ directory: '', names: ['world'], to: 'archive', format })).rejects.toMatchObject({
      code: 'FILE_EXISTS',
    })
  })

  test('what is protected neither goes in nor comes out', async () => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    await writeFile(join(stage.root, 'world/a.key'), 'secret')
    const guarded = stage.tree.protecting(['*.key'])
    await guarded.pack({ directory: '', names: ['world'], to: 'archive', format })
    await stage.unpack('archive')
    expect(await readdir(join(stage.root, 'out/world'))).not.toContain('a.key')
    await stage.tree.pack({ directory: '', names: ['world'], to: 'all', format })
    const { skipped } = await guarded.unpack('all', { ...LIMITS, to: 'guarded' })
    expect(skipped).toBe(1)
    expect(await readdir(join(stage.root, 'guarded/world'))).not.toContain('a.key')
  })
})

describe('other programs', () => {
  test.each(['gnu', 'ustar', 'pax', 'v7'])('tar writes what is read: %s', async (dialect) => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    // The oldest dialects have no room for long names.
    if (dialect !== 'gnu' && dialect !== 'pax')
      await rm(join(stage.root, `world/${'long name '.repeat(12)}`), { recursive: true })
    execFileSync('tar', [`--format=${dialect}`, '-cf', join(stage.root, 'a.tar'), '-C', stage.root, 'world'])
    await stage.unpack('a.tar')
    expect(await picture(join(stage.root, 'out/world'))).toEqual(await picture(join(stage.root, 'world')))
  })

  test('tar reads what is written', async () => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    await stage.tree.pack({ directory: '', names: ['world'], to: 'a.tar', format: 'tar' })
    await mkdir(join(stage.root, 'theirs'))
    execFileSync('tar', ['-xf', join(stage.root, 'a.tar'), '-C', join(stage.root, 'theirs')])
    expect(await picture(join(stage.root, 'theirs/world'))).toEqual(await picture(join(stage.root, 'world')))
  })

  test.runIf(hasPython)('zip, both ways', async () => {
    await using stage = await createArchiveStage()
    await fillTree(stage.root)
    await rm(join(stage.root, 'world/link'))
    await stage.tree.pack({ directory: '', names: ['world'], to: 'ours.zip', format: 'zip' })
    expect(execFileSync('python3', ['-m', 'zipfile', '-t', join(stage.root, 'ours.zip')]).toString()).toContain('Done')
    execFileSync('python3', ['-m', 'zipfile', '-c', join(stage.root, 'theirs.zip'), join(stage.root, 'world')])
    await stage.unpack('theirs.zip')
    expect(await picture(join(stage.root, 'out/world'))).toEqual(await picture(join(stage.root, 'world')))
  })

  test('a file that is only compressed comes out under its plain name', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'latest.log.gz'), gzipSync('one line'))
    await writeFile(join(stage.root, 'old.log.zst'), zstdCompressSync('another'))
    await stage.unpack('latest.log.gz')
    await stage.unpack('old.log.zst')
    expect(await readFile(join(stage.root, 'out/latest.log'), 'utf8')).toBe('one line')
    expect(await readFile(join(stage.root, 'out/old.log'), 'utf8')).toBe('another')
  })
})

describe('files that are there', () => {
  test('stay, or are replaced where that is wanted', async () => {
    await using stage = await createArchiveStage()
    await mkdir(join(stage.root, 'out'))
    await writeFile(join(stage.root, 'out/a'), 'before')
    await writeFile(join(stage.root, 'a.tar'), await tarOf(entry('a', 'after'), entry('b', 'new')))
    expect(await stage.unpack('a.tar')).toEqual({ files: 1, skipped: 1 })
    expect(await readFile(join(stage.root, 'out/a'), 'utf8')).toBe('before')
    expect(await stage.unpack('a.tar', { replace: true })).toEqual({ files: 2, skipped: 0 })
    expect(await readFile(join(stage.root, 'out/a'), 'utf8')).toBe('after')
  })
})

describe('hostile archives', () => {
  const ZEROS = Buffer.alloc(150 * 1024 * 1024)
  const HOSTILE: Readonly<Record<string, () => Promise<Buffer>>> = {
    'a path that leads out': () => tarOf(entry('../escaped')),
    'a path that leads out later': () => tarOf(entry('a/../../escaped')),
    'the same in a zip': () => zipOf(entry('../escaped')),
    'with the marks of Windows': () => zipOf(entry('..\\escaped')),
    'a link out, then a file through it': () => tarOf(linkTo('link', '/tmp'), entry('link/escaped')),
    'a relative link out, then a file through it': () => tarOf(linkTo('link', '../../..'), entry('link/escaped')),
    'the same in a zip, by links': () => zipOf(linkTo('link', '../..'), entry('link/escaped')),
    'a second name for what is outside': async () =>
      Buffer.concat([kindOf(await tarOf(linkTo('hard', '/etc/passwd')), '1')]),
    'a second name through a link': async () =>
      Buffer.concat([
        (await tarOf(linkTo('link', '/etc'))).subarray(0, 512),
        kindOf(await tarOf(linkTo('hard', 'link/passwd')), '1'),
      ]),
    'a directory where a file was': () => tarOf(entry('a'), entry('a/b')),
    'an end in the middle': async () => (await tarOf(entry('a', 'x'.repeat(5000)))).subarray(0, 2000),
    'a header that was changed': async () => {
      const tar = await tarOf(entry('a'))
      tar[0] = 0x62
      return tar
    },
    'a bomb in gzip': async () => gzipSync(await tarOf(entry('a', ZEROS))),
    'a bomb in zstd': async () => zstdCompressSync(await tarOf(entry('a', ZEROS))),
    'a bomb in a zip': () => zipOf(entry('a', ZEROS)),
    'a bomb that is one file': async () => gzipSync(ZEROS),
    'a zip that lies about a size': async () => {
      const zip = await zipOf(entry('a', 'x'.repeat(1000)))
      zip.writeUInt32LE(10, zip.indexOf(Buffer.from('504b0102', 'hex')) + 24)
      return zip
    },
    'a zip with a wrong checksum': async () => {
      const zip = await zipOf(entry('a', 'x'.repeat(1000)))
      zip.writeUInt32LE(10, zip.indexOf(Buffer.from('504b0102', 'hex')) + 16)
      return zip
    },
    'a zip that claims to be encrypted': async () => {
      const zip = await zipOf(entry('a'))
      zip.writeUInt16LE(0x0809, zip.indexOf(Buffer.from('504b0102', 'hex')) + 8)
      return zip
    },
    'gzip that is cut': async () => gzipSync(await tarOf(entry('a', 'x'.repeat(5000)))).subarray(0, 60),
    'no archive at all': async () => Buffer.from('just text'),
    nothing: async () => Buffer.alloc(0),
  }

  test.each(Object.keys(HOSTILE))('%s is refused, and nothing of it stays', async (name) => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'archive'), await HOSTILE[name]!())
    await expect(stage.unpack('archive')).rejects.toMatchObject({
      code: expect.stringMatching(
        /^(ARCHIVE_INVALID|ARCHIVE_TOO_LARGE|ARCHIVE_ENCRYPTED|ARCHIVE_UNSUPPORTED|PATH_OUTSIDE|FILE_NOT_FOUND)$/,
      ) as string,
    })
    expect(await readdir(stage.root)).toEqual(['archive'])
    expect(await stage.leftovers()).toEqual([])
    expect(await readdir(stage.directory)).toEqual(['data', 'private'])
  })

  test('what is no file is left out, setuid is taken away, an absolute path begins at the goal', async () => {
    await using stage = await createArchiveStage()
    const device = kindOf(await tarOf(entry('device', '')), '3').subarray(0, 512)
    const rest = await tarOf(entry('/etc/passwd', 'mine', { mode: 0o4755 }))
    await writeFile(join(stage.root, 'archive'), Buffer.concat([device, rest]))
    await stage.unpack('archive')
    expect(await picture(join(stage.root, 'out'))).toEqual([
      ['etc', 'directory'],
      ['etc/passwd', 0o755, Buffer.from('mine').toString('base64'), 4],
    ])
  })

  test('more than there is room for is stopped', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'archive'), await tarOf(entry('a', Buffer.alloc(10_000))))
    await expect(stage.unpack('archive', { maxBytes: 5000 })).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' })
    await writeFile(join(stage.root, 'random'), Buffer.alloc(100_000, 'ab'))
    const packing = stage.tree.pack({ directory: '', names: ['random'], to: 'b.tar', format: 'tar', maxBytes: 5000 })
    await expect(packing).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' })
    expect(await readdir(stage.root)).toEqual(['archive', 'random'])
  })

  test('any change of any byte is refused or harmless', async () => {
    await using stage = await createArchiveStage()
    const whole = [
      await tarOf(entry('a/b', 'content'), linkTo('link', 'a/b'), entry('ü'.repeat(80), 'long')),
      await zipOf(entry('a/b', 'content'.repeat(50)), linkTo('link', 'a/b')),
    ]
    // The same numbers in every run.
    let seed = 7
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let round = 0; round < 300; round++) {
      const copy = Buffer.from(whole[round % 2]!)
      for (let change = 0; change <= random(4); change++) copy[random(copy.length)] = random(256)
      const cut = random(8) === 0 ? copy.subarray(0, random(copy.length)) : copy
      await writeFile(join(stage.root, 'archive'), cut)
      const code = await stage.unpack('archive').then(
        () => 'done',
        (error: { code?: string }) => error.code ?? String(error),
      )
      expect(code).toMatch(
        /^(done|ARCHIVE_INVALID|ARCHIVE_TOO_LARGE|ARCHIVE_ENCRYPTED|ARCHIVE_UNSUPPORTED|PATH_INVALID|PATH_OUTSIDE|FILE_NOT_FOUND|FILE_EXISTS)$/,
      )
      await rm(join(stage.root, 'out'), { recursive: true, force: true })
    }
    expect(await stage.leftovers()).toEqual([])
    expect((await readdir(stage.directory)).toSorted()).toEqual(['data', 'private'])
  }, 60_000)

  test('a cancelled one leaves nothing', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'archive'), await tarOf(entry('a'), entry('b'), entry('c')))
    const stop = new AbortController()
    const unpacking = stage.unpack('archive', { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(unpacking).rejects.toMatchObject({ name: 'AbortError' })
    expect(await readdir(stage.root)).toEqual(['archive'])
    expect(await stage.leftovers()).toEqual([])
  })
})
