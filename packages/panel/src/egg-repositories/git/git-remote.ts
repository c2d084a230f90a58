import { AppError } from '@hatchery/core/errors'
import type { OutboundAnswer, OutboundClient } from '../../outbound/outbound-client.ts'
import { shownUrl } from '@hatchery/core/outbound'
import { FLUSH, PktLineError, pktLine, readPktLines, textOfLine } from './pkt-line.ts'

export interface GitCredentials {
  readonly username: string
  readonly password: string
}

export interface GitPlace {
  readonly url: string
  readonly credentials: GitCredentials | null
}

/** Where a branch stands, and what is needed to fetch it. */
export interface GitHead {
  readonly commit: string
  /** Of the server that answered, after redirects. */
  readonly url: string
  readonly capabilities: ReadonlySet<string>
}

/** A repository has thousands of refs at most, of some hundred bytes. */
const MAX_REFS_BYTES = 16 * 1_048_576
const MAX_PACK_BYTES = 64 * 1_048_576
const PACK_TIMEOUT_MS = 180_000
/** Larger files are no eggs; a server that can leaves them out. */
export const MAX_BLOB_BYTES = 1_048_576

/**
 * The reading half of git's smart HTTP protocol, version 0, which every server speaks
 * (https://git-scm.com/docs/http-protocol). One commit without its history is fetched, into memory; nothing is written to
 * disk and no program is run.
 */
export class GitRemote {
  readonly #outbound: OutboundClient
  readonly #place: GitPlace

  constructor(outbound: OutboundClient, place: GitPlace) {
    this.#outbound = outbound
    this.#place = place
  }

  /**
   * @param branch null is the default branch
   * @throws AppError `GIT_REPOSITORY_NOT_FOUND`, `GIT_AUTHENTICATION_FAILED`, `GIT_BRANCH_NOT_FOUND`,
   *   `GIT_PROTOCOL_FAILED`, and those of the outbound client
   */
  async findBranch(branch: string | null, signal: AbortSignal): Promise<GitHead> {
    const address = new URL(this.#place.url)
    address.pathname = `${address.pathname.replace(/\/+$/, '')}/info/refs`
    address.search = '?service=git-upload-pack'
    const answer = await this.#outbound.request(address.href, {
      headers: { accept: 'application/x-git-upload-pack-advertisement' },
      credentials: this.#place.credentials,
      maxBytes: MAX_REFS_BYTES,
      signal,
    })
    this.#checkStatus(answer)
    const { refs, capabilities } = understood(answer, readAdvertisement)
    const commit = refs.get(branch === null ? 'HEAD' : `refs/heads/${branch}`)
    if (commit === undefined) throw new AppError('GIT_BRANCH_NOT_FOUND', { branch: branch ?? 'HEAD' })
    const base = new URL(answer.url)
    base.pathname = base.pathname.replace(/\/info\/refs$/, '')
    base.search = ''
    return { commit, url: base.href, capabilities }
  }

  /**
   * The objects of a commit as git packs them.
   * @throws AppError as `findBranch`, and `GIT_REPOSITORY_TOO_LARGE`
   */
  async fetchPack(head: GitHead, signal: AbortSignal): Promise<Buffer> {
    const { capabilities } = head
    const wanted = ['no-progress', 'side-band-64k', 'ofs-delta', 'shallow', 'filter']
    const used = wanted.filter((name) => capabilities.has(name))
    const body = Buffer.concat([
      pktLine(`want ${head.commit} ${[...used, 'agent=hatchery'].join(' ')}\n`),
      ...(capabilities.has('shallow') ? [pktLine('deepen 1\n')] : []),
      ...(capabilities.has('filter') ? [pktLine(`filter blob:limit=${MAX_BLOB_BYTES + 1}\n`)] : []),
      FLUSH,
      pktLine('done\n'),
    ])
    const address = new URL(head.url)
    address.pathname = `${address.pathname}/git-upload-pack`
    const isSameOrigin = address.origin === new URL(this.#place.url).origin
    const answer = await this.#outbound
      .request(address.href, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-git-upload-pack-request',
          accept: 'application/x-git-upload-pack-result',
        },
        body,
        credentials: isSameOrigin ? this.#place.credentials : null,
        maxBytes: MAX_PACK_BYTES,
        timeoutMs: PACK_TIMEOUT_MS,
        // A server that has to pack a large repository thinks before it says anything.
        idleMs: 60_000,
        signal,
      })
      .catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== 'OUTBOUND_TOO_LARGE') throw error
        const reason = `one state of it has more than ${MAX_PACK_BYTES / 1_048_576} MiB`
        throw new AppError('GIT_REPOSITORY_TOO_LARGE', { reason }, { cause: error })
      })
    this.#checkStatus(answer)
    return understood(answer, (bytes) => readResult(bytes, capabilities.has('side-band-64k')))
  }

  #checkStatus({ status, url }: OutboundAnswer): void {
    if (status === 200) return
    if (status === 401 || status === 403) throw new AppError('GIT_AUTHENTICATION_FAILED', { host: url.host })
    if (status === 404 || status === 410) throw new AppError('GIT_REPOSITORY_NOT_FOUND', { url: this.#place.url })
    throw new AppError('OUTBOUND_FAILED', { url: shownUrl(url), reason: `it answers ${status}` })
  }
}

function understood<T>({ body, url }: OutboundAnswer, read: (bytes: Buffer) => T): T {
  try {
    return read(body)
  } catch (error) {
    if (!(error instanceof PktLineError)) throw error
    throw new AppError('GIT_PROTOCOL_FAILED', { host: url.host, reason: error.message }, { cause: error })
  }
}

const OBJECT_ID = /^[0-9a-f]{40}$/

function readAdvertisement(bytes: Buffer): { refs: Map<string, string>; capabilities: Set<string> } {
  const lines = [...readPktLines(bytes)].filter((line) => line !== null).map(textOfLine)
  if (lines[0] !== '# service=git-upload-pack') throw new PktLineError('it is no list of branches')
  const refs = new Map<string, string>()
  let capabilities = new Set<string>()
  for (const [index, line] of lines.slice(1).entries()) {
    const [ref = '', tail] = line.split('\0')
    if (index === 0) capabilities = new Set((tail ?? '').split(' '))
    if (ref.startsWith('ERR ')) throw new PktLineError(`it says: ${ref.slice(4, 300)}`)
    const id = ref.slice(0, 40)
    const name = ref.slice(41)
    if (capabilities.has('object-format=sha256')) throw new PktLineError('it keeps objects under SHA-256')
    if (!OBJECT_ID.test(id)) throw new PktLineError('a branch has no object id')
    if (name !== 'capabilities^{}') refs.set(name, id)
  }
  return { refs, capabilities }
}

function readResult(bytes: Buffer, hasBands: boolean): Buffer {
  const parts: Buffer[] = []
  let offset = 0
  for (const line of readPktLinesUntilPack(bytes)) {
    offset = line.end
    if (line.bytes === null) continue
    const text = line.bytes.toString('latin1', 0, 400)
    if (text.startsWith('ERR ')) throw new PktLineError(`it says: ${text.slice(4).trim()}`)
    if (/^(shallow|unshallow) /.test(text)) continue
    if (/^(NAK|ACK )/.test(text)) break
    throw new PktLineError('the pack is not announced')
  }
  const rest = bytes.subarray(offset)
  if (!hasBands) return rest
  for (const line of readPktLines(rest)) {
    if (line === null) break
    if (line[0] === 1) parts.push(line.subarray(1))
    else if (line[0] === 3) throw new PktLineError(`it says: ${line.toString('utf8', 1, 300).trim()}`)
  }
  return Buffer.concat(parts)
}

/** Without bands the pack follows the lines as it is, so no line after the acknowledgement may be looked at. */
function* readPktLinesUntilPack(bytes: Buffer): Generator<{ readonly bytes: Buffer | null; readonly end: number }> {
  let end = 0
  for (const line of readPktLines(bytes)) {
    end += line === null ? 4 : line.length + 4
    yield { bytes: line, end }
  }
}
