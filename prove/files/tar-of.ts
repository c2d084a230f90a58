import { writeTar } from '../../packages/daemon/src/files/archives/write-tar.ts'

/** A tar with these files, by path. */
export async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  async function* entries() {
    for (const [name, content] of Object.entries(files)) {
      const bytes = Buffer.from(content)
      yield {
        path: Buffer.from(name),
        type: 'file' as const,
        mode: 0o644,
        modifiedAt: 1_700_000_000_000,
        linkTarget: Buffer.alloc(0),
        sizeBytes: bytes.length,
        body: async function* () {
          yield bytes
        },
      }
    }
  }
  const parts: Uint8Array[] = []
  for await (const part of writeTar(entries())) parts.push(part)
  return Buffer.concat(parts)
}
