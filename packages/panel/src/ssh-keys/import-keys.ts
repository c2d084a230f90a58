import type { BodyOf, ResponseOf, SshKey, importSshKeys as ImportSshKeys } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { RequestContext } from '../context.ts'
import { requireFullKey } from '../ssh-access/bounds.ts'
import { parsePublicKey, type PublicKey } from './public-key.ts'
import { SSH_KEY_LIMIT, insertKey, lockOwnKeys } from './ssh-keys.ts'

/** Where people publish their keys; both answer one OpenSSH line for each key, to anybody. */
const PLACES = {
  github: { host: 'github.com', url: (account: string) => `https://github.com/${encodeURIComponent(account)}.keys` },
  gitlab: { host: 'gitlab.com', url: (account: string) => `https://gitlab.com/${encodeURIComponent(account)}.keys` },
} as const
const MAX_BYTES = 256 * 1024
const NOTHING = { servers: null, allowed_ips: null, expires_at: null }

/** Adds the keys that somebody has published and that are not there yet; what cannot be taken is named, not fatal. */
export async function importSshKeys(
  ctx: RequestContext,
  { from, username }: BodyOf<typeof ImportSshKeys>,
): Promise<ResponseOf<typeof ImportSshKeys>> {
  requireFullKey(ctx)
  const { host, url } = PLACES[from]
  const answer = await ctx.outbound.request(url(username), { maxBytes: MAX_BYTES, headers: { accept: 'text/plain' } })
  const lines = answer.status === 200 ? linesOf(answer.body.toString('utf8')) : []
  if (lines.length === 0) {
    if (answer.status === 200 || answer.status === 404) {
      throw new AppError('SSH_KEYS_NOT_PUBLISHED', { account: username, host })
    }
    throw new AppError('OUTBOUND_FAILED', { url: url(username), reason: `it answers ${answer.status}` })
  }
  const { keys, refused } = readAll(lines)
  return ctx.store.transaction(async (trx) => {
    const known = new Set((await lockOwnKeys(ctx, trx)).map(({ fingerprint }) => fingerprint))
    const added: SshKey[] = []
    let same = 0
    for (const key of keys) {
      if (known.has(key.fingerprint)) {
        same++
        continue
      }
      if (known.size >= SSH_KEY_LIMIT) throw new AppError('SSH_KEY_LIMIT', { limit: SSH_KEY_LIMIT })
      known.add(key.fingerprint)
      added.push(await insertKey(ctx, trx, { key, name: key.comment || `${username}@${host}`, bounds: NOTHING }))
    }
    return { added, known: same, refused }
  })
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(0, 200)
}

function readAll(lines: readonly string[]) {
  const keys: PublicKey[] = []
  const refused: { algorithm: string; reason: string }[] = []
  for (const line of lines) {
    try {
      keys.push(parsePublicKey(line))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      refused.push({ algorithm: line.split(' ')[0]?.slice(0, 64) ?? '', reason: String(error.details['reason']) })
    }
  }
  return { keys, refused }
}
