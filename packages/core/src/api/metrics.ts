import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { ServerRef, Timestamp, Uuid } from './schemas/common.ts'
import { MetricHistory } from './schemas/metrics.ts'

const query = Type.Object({
  /** @default an hour before `to` */
  from: Type.Optional(Timestamp),
  /** @default now */
  to: Type.Optional(Timestamp),
  /** Shortest interval wanted, milliseconds. It is lengthened until at most 400 intervals are left. */
  step: Type.Optional(Type.Integer({ minimum: 1 })),
})
const description =
  'Ten-second values are kept for 24 hours and five-minute values for 30 days, at the node. Intervals in which nothing was measured are null.'

export const readServerMetrics = contract({
  method: 'GET',
  path: '/servers/:server/metrics',
  tag: 'Servers',
  summary: 'Read what a server used over a time',
  description,
  class: 'read',
  permission: { server: 'websocket.connect' },
  params: Type.Object({ server: ServerRef }),
  query,
  response: { 200: MetricHistory },
  errors: ['SERVER_NOT_FOUND', 'VALIDATION_FAILED', 'NODE_UNREACHABLE', 'NODE_TIMEOUT', 'NODE_UNSUPPORTED'],
})

export const readNodeMetrics = contract({
  method: 'GET',
  path: '/nodes/:node/metrics',
  tag: 'Nodes',
  summary: 'Read what a whole machine used over a time',
  description,
  class: 'read',
  permission: { admin: 'nodes.read' },
  params: Type.Object({ node: Uuid }),
  query,
  response: { 200: MetricHistory },
  errors: ['NODE_NOT_FOUND', 'VALIDATION_FAILED', 'NODE_UNREACHABLE', 'NODE_TIMEOUT', 'NODE_UNSUPPORTED'],
})

export const scrapeMetrics = contract({
  method: 'GET',
  path: '/metrics',
  tag: 'System',
  summary: 'Read what the panel knows of itself, in the text format of Prometheus',
  description:
    'Give the scraper an API key with this permission alone. Requests are timed from the first scrape on; no node is asked anything.',
  class: 'read',
  permission: { admin: 'settings.read' },
  response: { 200: Bytes },
})
