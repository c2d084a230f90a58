import { CreditBudget, receiveResuming, type AgentParams, type DataStream } from '@hatchery/core/protocol'
import type { FileEntry } from '@hatchery/core/api'
import type { RequestContext } from '../context.ts'
import type { NodeLink } from '../nodes/node-link.ts'

/** Bytes of all downloads of one person that may be in memory at once (RULES 12). */
const USER_CREDIT_BYTES = 8 * 1024 * 1024

const budgets = new Map<number, CreditBudget>()

/** The share of memory that all downloads of the caller have in common. */
export function budgetOf({ principal }: Pick<RequestContext, 'principal'>): CreditBudget {
  const user = 'userId' in principal ? principal.userId : 0
  for (const [other, budget] of budgets) {
    // Nobody uses it now.
    if (other !== user && budget.freeBytes === USER_CREDIT_BYTES) budgets.delete(other)
  }
  let budget = budgets.get(user)
  if (!budget) budgets.set(user, (budget = new CreditBudget(USER_CREDIT_BYTES)))
  return budget
}

export type DownloadParams = Omit<AgentParams<'files.read'>, 'ticket'>

export interface Download {
  readonly entry: FileEntry
  /** The bytes, over as many connections as it takes, as fast as they are taken. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/**
 * Opens a part of a file to be read. The file is the same from the first byte to the last, or the download fails.
 * @throws AppError what the node answers
 */
export function openDownload(
  link: NodeLink,
  params: DownloadParams,
  budget: CreditBudget,
  signal: AbortSignal,
): Promise<Download> {
  return openBytes(
    link,
    (ticket, revision) =>
      link.call('files.read', { ...params, ifRevision: revision ?? params.ifRevision, ticket }, { signal }),
    budget,
    signal,
  )
}

/**
 * Opens whatever a node sends in answer to a call that names a ticket. When the connection is lost the call is made again, for
 * the revision that was answered first.
 * @throws AppError what the node answers
 */
export async function openBytes<A extends { readonly entry: Pick<FileEntry, 'revision'> }>(
  link: NodeLink,
  call: (ticket: string, ifRevision: number | null) => Promise<A>,
  budget: CreditBudget,
  signal: AbortSignal,
): Promise<A & Pick<Download, 'bytes'>> {
  const first = await openStream(link, (ticket) => call(ticket, null), budget)
  const { revision } = first.answer.entry
  let next: DataStream | null = first.stream
  const bytes = receiveResuming(async () => {
    const stream = next ?? (await openStream(link, (ticket) => call(ticket, revision), budget)).stream
    next = null
    return stream
  })
  // Nobody may ever ask for the first byte.
  signal.addEventListener('abort', () => next?.close('the caller has gone'), { once: true })
  return { ...first.answer, bytes }
}

async function openStream<A>(link: NodeLink, call: (ticket: string) => Promise<A>, budget: CreditBudget) {
  const ticket = await link.openTicket({ budgets: [budget] })
  try {
    const answer = await call(ticket.id)
    return { answer, stream: await ticket.opened }
  } catch (error) {
    ticket.cancel()
    throw error
  }
}

/**
 * Sends bytes to a node along with a call that takes them. What the node answers decides, whatever became of the bytes.
 * @throws AppError what the node answers
 */
export async function sendBytes<R>(
  link: NodeLink,
  call: (ticket: string) => Promise<R>,
  body: AsyncIterable<Uint8Array>,
): Promise<R> {
  const ticket = await link.openTicket()
  const sending = ticket.opened.then((stream) => stream.send(() => body))
  const [answer] = await Promise.allSettled([
    call(ticket.id).catch((error: unknown) => {
      ticket.cancel()
      throw error
    }),
    sending,
  ])
  if (answer.status === 'rejected') throw answer.reason
  return answer.value
}
