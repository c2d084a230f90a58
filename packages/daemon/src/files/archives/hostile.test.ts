import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createArchiveStage } from './test-stage.ts'
import { rarOf } from './test-rar.ts'

const hasAll = ['7z', 'xz', 'bzip2', 'lz4', 'python3'].every((program) => spawnSync('which', [program]).status === 0)
const REFUSED = /^(ARCHIVE_(INVALID|TOO_LARGE|UNSUPPORTED|ENCRYPTED)|PATH_(INVALID|OUTSIDE)|FILE_(NOT_FOUND|EXISTS))$/
const ZEROS = Buffer.alloc(150 * 1024 * 1024)

type Stage = Awaited<ReturnType<typeof createArchiveStage>>
const run = (stage: Stage, program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { cwd: stage.directory, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 30 })
const packedZeros = (program: string, ...args: readonly string[]) =>
  execFileSync(program, [...args, '-c'], { input: ZEROS, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'ignore'] })

/** Each writes an archive of its own kind of malice to `data/x`. */
const HOSTILE: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  'a bomb in xz': async ({ root }) => writeFile(join(root, 'x'), packedZeros('xz', '-1')),
  'a bomb in bzip2': async ({ root }) => writeFile(join(root, 'x'), packedZeros('bzip2')),
  'a bomb in lz4': async ({ root }) => writeFile(join(root, 'x'), packedZeros('lz4', '-9')),
  'a bomb in 7z': async (stage) => {
    await writeFile(join(stage.directory, 'zeros'), ZEROS)
    run(stage, '7z', 'a', '-bd', '-mx=1', 'data/x.7z', 'zeros')
    run(stage, 'mv', 'data/x.7z', 'data/x')
    run(stage, 'rm', 'zeros')
  },
  'xz that wants a gibibyte of memory': async ({ root }) =>
    writeFile(join(root, 'x'), execFileSync('xz', ['--lzma2=preset=1,dict=1GiB', '-c'], { input: Buffer.alloc(1000) })),
  'zstd that wants a gibibyte of memory': async ({ root }) => {
    const frame = zstdCompressSync(Buffer.alloc(1000))
    // No single segment, and a window of the largest kind.
    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3])
    await writeFile(join(root, 'x'), Buffer.concat([head, frame.subarray(6)]))
  },
  'a rar whose path leads out': async ({ root }) => writeFile(join(root, 'x'), rarOf({ '../escaped': 'x' })),
  'a rar whose path is too long': async ({ root }) => writeFile(join(root, 'x'), rarOf({ ['n'.repeat(5000)]: 'x' })),
  'a rar that is cut': async ({ root }) =>
    writeFile(join(root, 'x'), rarOf({ a: 'content'.repeat(99) }).subarray(0, 99)),
  'a tar in xz that is cut': async (stage) => {
    await writeFile(join(stage.directory, 'a'), 'x'.repeat(100_000))
    run(stage, 'tar', '-cJf', 'whole', 'a')
    const whole = await readFile(join(stage.directory, 'whole'))
    run(stage, 'rm', 'a', 'whole')
    await writeFile(join(stage.root, 'x'), whole.subarray(0, whole.length / 2))
  },
  'directories without end': async (stage) => {
    const script = `import tarfile
t=tarfile.open('data/x','w')
t.addfile(tarfile.TarInfo('d/'*200+'f'))
t.close()`
    run(stage, 'python3', '-c', script)
  },
  'a zip in several parts': async ({ root }) => {
    const end = Buffer.alloc(22)
    end.writeUInt32LE(0x06054b50)
    end.writeUInt16LE(1, 4)
    await writeFile(join(root, 'x'), Buffer.concat([Buffer.from('504b0708', 'hex'), end]))
  },
}

describe.runIf(hasAll)('hostile archives of every kind', () => {
  test.each(Object.keys(HOSTILE))('%s is refused, and changes nothing', async (name) => {
    await using stage = await createArchiveStage()
    await HOSTILE[name]!(stage)
    await expect(stage.unpack('x')).rejects.toMatchObject({ code: expect.stringMatching(REFUSED) as string })
    expect(await readdir(stage.root)).toEqual(['x'])
    expect(await stage.leftovers()).toEqual([])
    expect((await readdir(stage.directory)).toSorted()).toEqual(['data', 'private'])
  })

  test('links of a 7z that lead out are left out, and nothing is written through one that is there', async () => {
    await using stage = await createArchiveStage()
    await mkdir(join(stage.directory, 'first'))
    await symlink('/etc', join(stage.directory, 'first/out'))
    await symlink('inside', join(stage.directory, 'first/link'))
    await mkdir(join(stage.directory, 'second/out'), { recursive: true })
    await writeFile(join(stage.directory, 'second/out/escaped'), 'x')
    run(stage, 'sh', '-c', 'cd first && 7z a -bd -snl ../data/links.7z out link')
    run(stage, 'sh', '-c', 'cd second && 7z a -bd ../data/through.7z out')
    await stage.unpack('links.7z')
    expect(await readdir(join(stage.root, 'out'))).toEqual(['link'])
    await symlink('/etc', join(stage.root, 'out/out'))
    await expect(stage.unpack('through.7z', { replace: true })).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
    expect(await readdir('/etc')).not.toContain('escaped')
  })

  test('the same bytes are unpacked when nothing is wrong with them', async () => {
    await using stage = await createArchiveStage()
    await writeFile(join(stage.root, 'x'), rarOf({ 'inside/escaped': 'x' }))
    expect(await stage.unpack('x')).toEqual({ files: 1, skipped: 0 })
    expect(await readFile(join(stage.root, 'out/inside/escaped'), 'utf8')).toBe('x')
  })
})
