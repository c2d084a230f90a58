import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { newOperation } from '../../packages/daemon/src/testing/server-spec.ts'
import { tarOf } from '../files/tar-of.ts'
import type { Stage } from './stage.ts'

const MIB = 1024 * 1024
const PIECE = new Uint8Array(MIB)

/** A way by which a server's files grow. */
export interface Door {
  readonly name: string
  /** The server itself writes, past the agent. */
  readonly isGame: boolean
  /** Writes until it is refused. @returns the error's code, or what happened to the game */
  write(stage: Stage): Promise<string>
}

async function* zeros(bytes: number, from = 0) {
  for (let sent = from; sent < bytes; sent += PIECE.length) yield PIECE
}

async function send(stage: Stage, bytes: number, call: (ticket: string) => Promise<unknown>): Promise<void> {
  const ticket = stage.agent.panel.ticket()
  const answer = call(ticket.id)
  const sent = ticket.opened.then((stream) => stream.send((offset) => zeros(bytes, offset)))
  // A refusal of the call is what counts; the stream ends with it.
  sent.catch(() => ticket.cancel())
  answer.catch(() => ticket.cancel())
  await answer
}

async function job(stage: Stage, method: 'files.copy' | 'files.unpack', params: object): Promise<void> {
  const operation = newOperation()
  const { panel } = stage.agent
  await panel.call(method, { server: stage.server, ...params, ...operation } as never)
  const end = await panel.untilFinished(operation.operation)
  if (end?.status !== 'succeeded') throw Object.assign(new Error('The job has failed.'), { code: end?.error?.code })
}

/** Does something until it is refused for want of room. */
async function untilRefused(work: (round: number) => Promise<void>): Promise<string> {
  for (let round = 0; round < 20; round++) {
    try {
      await work(round)
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    }
  }
  return 'never refused'
}

const write = (stage: Stage, name: string, bytes: number) =>
  send(stage, bytes, (ticket) =>
    stage.agent.panel.call('files.write', {
      server: stage.server,
      path: name,
      ticket,
      ifRevision: null,
      mode: 'create-or-replace',
    }),
  )

export const DOORS: readonly Door[] = [
  {
    name: 'the game',
    isGame: true,
    async write(stage) {
      await stage.start()
      return stage.settled()
    },
  },
  {
    name: 'writing',
    isGame: false,
    write: (stage) => untilRefused((round) => write(stage, `file-${round}`, 50 * MIB)),
  },
  {
    name: 'uploading',
    isGame: false,
    write: (stage) =>
      untilRefused(async (round) => {
        const mine = { server: stage.server, upload: randomUUID(), owner: 'me' }
        const { panel } = stage.agent
        const sizeBytes = 50 * MIB
        await panel.call('uploads.begin', { ...mine, path: `upload-${round}`, sizeBytes, mode: 'create-or-replace' })
        await send(stage, sizeBytes, (ticket) => panel.call('uploads.append', { ...mine, offset: 0, ticket }))
        await panel.call('uploads.finish', mine)
      }),
  },
  {
    name: 'unpacking',
    isGame: false,
    async write(stage) {
      const { dataDirectory } = stage.agent
      const bomb = gzipSync(await tarOf({ bomb: Buffer.alloc(50 * MIB).toString('latin1') }))
      writeFileSync(path.join(dataDirectory, 'volumes', stage.server, 'data-1', 'bomb.tar.gz'), bomb)
      return untilRefused((round) =>
        job(stage, 'files.unpack', { path: 'bomb.tar.gz', to: `out-${round}`, replace: true }),
      )
    },
  },
  {
    name: 'copying',
    isGame: false,
    async write(stage) {
      await write(stage, 'original', 40 * MIB)
      return untilRefused((round) => job(stage, 'files.copy', { from: 'original', to: `copy-${round}` }))
    },
  },
]
