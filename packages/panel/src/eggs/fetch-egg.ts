import type { FetchedEgg } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { parseEgg } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import { readOutboundUrl, shownUrl } from '@hatchery/core/outbound'

/** The largest egg file that is fetched. */
const MAX_BYTES = 1_048_576

type FetchContext = Pick<Context, 'outbound'>

/**
 * Fetches an egg file for a person who will check or import it. What is no egg at all is not answered: this is no way to
 * read other things through the panel.
 * @throws AppError `EGG_INVALID`, and those of the outbound client
 */
export async function fetchEgg(ctx: FetchContext, url: string, signal?: AbortSignal): Promise<FetchedEgg> {
  const fetched = await fetchEggText(ctx, url, signal)
  const { egg, format } = await parseEgg(fetched.text, { fileName: fetched.fileName })
  if (egg === null && format === null) {
    throw new AppError('EGG_INVALID', { reason: 'What is at this address is no egg file.' })
  }
  return fetched
}

export async function fetchEggText(ctx: FetchContext, address: string, signal?: AbortSignal): Promise<FetchedEgg> {
  const asked = rawUrlOf(readOutboundUrl(address))
  const headers = { accept: 'application/json, application/yaml, text/plain, */*' }
  const request = { headers, maxBytes: MAX_BYTES, ...(signal && { signal }) }
  const { status, body, url } = await ctx.outbound.request(asked.href, request)
  if (status !== 200) throw new AppError('OUTBOUND_FAILED', { url: shownUrl(url), reason: `it answers ${status}` })
  return { url: url.href, fileName: fileNameOf(url), text: textOf(body) }
}

/**
 * The file behind the page that a code host shows for it; other addresses stay as they are.
 * @example rawUrlOf(new URL('https://github.com/o/r/blob/main/egg.json')) // https://raw.githubusercontent.com/o/r/main/egg.json
 */
export function rawUrlOf(url: URL): URL {
  const raw = new URL(url)
  const github = /^\/([^/]+)\/([^/]+)\/(?:blob|raw)\/(.+)$/.exec(url.pathname)
  if ((url.hostname === 'github.com' || url.hostname === 'www.github.com') && github) {
    raw.hostname = 'raw.githubusercontent.com'
    raw.pathname = `/${github[1]}/${github[2]}/${github[3]}`
    raw.search = ''
    return raw
  }
  // GitLab anywhere, then Gitea and Forgejo anywhere.
  raw.pathname = url.pathname
    .replace(/^(\/.+)\/-\/blob\/(.+)$/, '$1/-/raw/$2')
    .replace(/^(\/[^/]+\/[^/]+)\/src\/(branch|commit|tag)\/(.+)$/, '$1/raw/$2/$3')
  if (url.hostname === 'bitbucket.org')
    raw.pathname = url.pathname.replace(/^(\/[^/]+\/[^/]+)\/src\/(.+)$/, '$1/raw/$2')
  return raw
}

function fileNameOf(url: URL): string {
  const last = url.pathname.split('/').at(-1) ?? ''
  let name = last
  try {
    name = decodeURIComponent(last)
  } catch {
    // Not percent-encoded text: as it stands.
  }
  // oxlint-disable-next-line no-control-regex -- a name is shown and stored
  return name.replace(/[/\\\u0000-\u001f]/g, '-').slice(0, 191) || 'egg.json'
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    const reason = 'The file is not UTF-8 text; save it as UTF-8.'
    throw new AppError('EGG_INVALID', { reason }, { cause: error })
  }
}
