import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Client, Node } from '@hatchery/core/sdk'

export interface LocalNode {
  readonly node: Node
  /** Null when the agent of this data directory is enrolled already. */
  readonly enrolmentToken: string | null
}

/** The node of this machine: found by the note in the data directory, else created with location and ports. */
export async function ensureLocalNode(
  client: Client,
  dataDirectory: string,
  isEnrolled: boolean,
  ports: readonly string[],
): Promise<LocalNode> {
  const note = path.join(dataDirectory, 'local-node')
  const known = readNote(note)
  const node = known ? await findNode(client, known) : null
  if (node) {
    if (isEnrolled && node.status !== 'awaiting-agent') return { node, enrolmentToken: null }
    return { node, enrolmentToken: await enrol(client, node.id) }
  }
  const created = await createNode(client, ports)
  writeFileSync(note, created.id, { mode: 0o600 })
  return { node: created, enrolmentToken: await enrol(client, created.id) }
}

async function createNode(client: Client, ports: readonly string[]): Promise<Node> {
  const { data: locations } = await client.listLocations()
  const location =
    locations[0] ?? (await client.createLocation({ body: { name: 'Here', description: 'Made at the first start.' } }))
  const { data: nodes } = await client.listNodes({ query: { limit: 100 } })
  const name = freeName(os.hostname() || 'this machine', new Set(nodes.map((node) => node.name)))
  const node = await client.createNode({
    body: { name, description: 'The machine the panel runs on.', location: location.id, fqdn: '127.0.0.1' },
  })
  await client.createAllocations({ params: { node: node.id }, body: { ip: '0.0.0.0', ports: [...ports] } })
  return node
}

async function enrol(client: Client, node: string): Promise<string> {
  return (await client.createEnrolmentToken({ params: { node } })).token
}

async function findNode(client: Client, id: string): Promise<Node | null> {
  try {
    return await client.getNode({ params: { node: id } })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NODE_NOT_FOUND') return null
    throw error
  }
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? wanted : `${wanted} ${n}`
    if (!taken.has(name)) return name
  }
}

function readNote(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
