import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Description, Name, Nothing, Nullable, OneOf, Page, PageOf, Uuid, named } from './schemas/common.ts'
import { Allocation, EnrolmentToken, Location, Node, NodeHost, WingsConfiguration } from './schemas/nodes.ts'

const locationParams = Type.Object({ location: Uuid })
const nodeParams = Type.Object({ node: Uuid })
const Capacity = {
  memoryMiB: Type.Integer({ minimum: 0 }),
  diskMiB: Type.Integer({ minimum: 0 }),
  cpuPercent: Type.Integer({ minimum: 0 }),
}

export const listLocations = contract({
  method: 'GET',
  path: '/locations',
  tag: 'Nodes',
  summary: 'List locations',
  class: 'read',
  permission: { admin: 'locations.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(Location) },
})

export const createLocation = contract({
  method: 'POST',
  path: '/locations',
  tag: 'Nodes',
  summary: 'Create a location, a group of nodes',
  class: 'at-most-once',
  permission: { admin: 'locations.create' },
  body: Type.Object({ name: Name, description: Type.Optional(Description) }),
  response: { 201: Location },
  errors: ['LOCATION_EXISTS'],
})

export const updateLocation = contract({
  method: 'PATCH',
  path: '/locations/:location',
  tag: 'Nodes',
  summary: 'Rename a location',
  class: 'converge',
  permission: { admin: 'locations.update' },
  params: locationParams,
  body: Type.Partial(Type.Object({ name: Name, description: Description })),
  response: { 200: Location },
  errors: ['LOCATION_NOT_FOUND', 'LOCATION_EXISTS', 'REVISION_MISMATCH'],
})

export const deleteLocation = contract({
  method: 'DELETE',
  path: '/locations/:location',
  tag: 'Nodes',
  summary: 'Delete a location without nodes',
  class: 'converge',
  permission: { admin: 'locations.delete' },
  params: locationParams,
  response: { 200: Nothing },
  errors: ['LOCATION_NOT_FOUND', 'LOCATION_IN_USE'],
})

export const listNodes = contract({
  method: 'GET',
  path: '/nodes',
  tag: 'Nodes',
  summary: 'List nodes',
  class: 'read',
  permission: { admin: 'nodes.read' },
  query: Type.Object({ ...Page, location: Type.Optional(Uuid) }),
  response: { 200: PageOf(Node) },
})

export const getNode = contract({
  method: 'GET',
  path: '/nodes/:node',
  tag: 'Nodes',
  summary: 'Read a node',
  class: 'read',
  permission: { admin: 'nodes.read' },
  params: nodeParams,
  response: { 200: Node },
  errors: ['NODE_NOT_FOUND'],
})

export const createNode = contract({
  method: 'POST',
  path: '/nodes',
  tag: 'Nodes',
  summary: 'Create a node; an agent is enrolled on it afterwards, or a Wings configured',
  class: 'at-most-once',
  permission: { admin: 'nodes.create' },
  body: Type.Object({
    name: Name,
    description: Type.Optional(Description),
    location: Uuid,
    fqdn: Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9.:_-]+$' }),
    /** `wings`: an unmodified Pterodactyl or Pelican Wings, which the panel calls; experimental. Default `agent`. */
    kind: Type.Optional(OneOf(['agent', 'wings'])),
    /** How the panel calls a Wings. Default `https`. */
    scheme: Type.Optional(OneOf(['http', 'https'])),
    /** Port of a Wings' API. Default 8080. */
    daemonPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
    ...Type.Partial(Type.Object(Capacity)).properties,
  }),
  response: { 201: Node },
  errors: ['LOCATION_NOT_FOUND', 'NODE_EXISTS'],
})

export const updateNode = contract({
  method: 'PATCH',
  path: '/nodes/:node',
  tag: 'Nodes',
  summary: 'Change a node',
  class: 'converge',
  permission: { admin: 'nodes.update' },
  params: nodeParams,
  body: Type.Partial(
    Type.Object({
      name: Name,
      description: Description,
      location: Uuid,
      fqdn: Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9.:_-]+$' }),
      isMaintenance: Type.Boolean(),
      ...Capacity,
    }),
  ),
  response: { 200: Node },
  errors: ['NODE_NOT_FOUND', 'NODE_EXISTS', 'LOCATION_NOT_FOUND', 'REVISION_MISMATCH'],
})

export const deleteNode = contract({
  method: 'DELETE',
  path: '/nodes/:node',
  tag: 'Nodes',
  summary: 'Delete a node without servers; its agent is disconnected',
  class: 'converge',
  permission: { admin: 'nodes.delete' },
  params: nodeParams,
  response: { 200: Nothing },
  errors: ['NODE_NOT_FOUND', 'NODE_IN_USE'],
})

export const createEnrolmentToken = contract({
  method: 'POST',
  path: '/nodes/:node/enrolment-token',
  tag: 'Nodes',
  summary: 'Make a single-use token that enrols an agent; valid for one hour',
  class: 'at-most-once',
  permission: { admin: 'nodes.update' },
  params: nodeParams,
  response: { 201: EnrolmentToken },
  errors: ['NODE_NOT_FOUND'],
})

export const createWingsConfiguration = contract({
  method: 'POST',
  path: '/nodes/:node/wings-configuration',
  tag: 'Nodes',
  summary: 'Make new credentials for a Wings node and the config.yml with them; those before end',
  class: 'at-most-once',
  permission: { admin: 'nodes.update' },
  params: nodeParams,
  response: { 201: WingsConfiguration },
  errors: ['NODE_NOT_FOUND', 'NODE_UNSUPPORTED', 'BAD_REQUEST'],
})

/** RULES 15: the agent makes the new secret; both are accepted until the agent has connected with it. */
export const rotateNodeSecret = contract({
  method: 'POST',
  path: '/nodes/:node/rotate-secret',
  tag: 'Nodes',
  summary: 'Have the agent of a node make a new secret, and connect again with it',
  class: 'at-most-once',
  permission: { admin: 'nodes.update' },
  params: nodeParams,
  response: { 200: Node },
  errors: [
    'NODE_NOT_FOUND',
    'NODE_UNREACHABLE',
    'NODE_UNSUPPORTED',
    'NODE_IN_RECOVERY',
    'NODE_TIMEOUT',
    'REVISION_MISMATCH',
  ],
})

export const confirmNode = contract({
  method: 'POST',
  path: '/nodes/:node/confirm',
  tag: 'Nodes',
  summary: 'Take a node out of recovery after looking at it',
  class: 'converge',
  permission: { admin: 'nodes.update' },
  params: nodeParams,
  response: { 200: Node },
  errors: ['NODE_NOT_FOUND'],
})

/** RULES 15: repeated with the same secret it gets the same answer; with another secret the node is locked. */
export const enrolAgent = contract({
  method: 'POST',
  path: '/agent/enrol',
  tag: 'Agent',
  summary: 'Redeem an enrolment token',
  description:
    'Sent by an agent, which made and stored its secret before. Repeating the same request gets the same answer.',
  class: 'converge',
  permission: 'public',
  body: Type.Object({
    token: Type.String({ minLength: 20, maxLength: 200 }),
    /** 32 random bytes, base64url. */
    secret: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    /** Random id of this installation, kept beside the secret. */
    installation: Uuid,
    host: NodeHost,
  }),
  response: {
    200: named(
      'Enrolment',
      Type.Object({ node: Uuid, keyId: Type.String(), panelName: Type.String(), linkPath: Type.String() }),
    ),
  },
  errors: ['ENROLMENT_TOKEN_INVALID', 'ENROLMENT_LOCKED'],
  rate: 'auth',
})

export const listAllocations = contract({
  method: 'GET',
  path: '/nodes/:node/allocations',
  tag: 'Nodes',
  summary: 'List the addresses of a node',
  class: 'read',
  permission: { admin: 'allocations.read' },
  params: nodeParams,
  query: Type.Object({ ...Page, free: Type.Optional(Type.Boolean()) }),
  response: { 200: PageOf(Allocation) },
  errors: ['NODE_NOT_FOUND'],
})

export const createAllocations = contract({
  method: 'POST',
  path: '/nodes/:node/allocations',
  tag: 'Nodes',
  summary: 'Add addresses: an IP or CIDR block with ports and port ranges',
  class: 'converge',
  permission: { admin: 'allocations.create' },
  params: nodeParams,
  body: Type.Object({
    /** `192.0.2.10` or `192.0.2.0/28`; IPv6 too. */
    ip: Type.String({ minLength: 2, maxLength: 64 }),
    /** `25565`, `25600-25650`. */
    ports: Type.Array(Type.String({ pattern: '^\\d{1,5}(-\\d{1,5})?$' }), { minItems: 1, maxItems: 100 }),
    alias: Type.Optional(Nullable(Type.String({ maxLength: 253 }))),
  }),
  response: { 201: Type.Object({ created: Type.Integer(), existing: Type.Integer() }) },
  errors: ['NODE_NOT_FOUND', 'ALLOCATION_RANGE_INVALID'],
  rate: 'write',
})

export const deleteAllocation = contract({
  method: 'DELETE',
  path: '/nodes/:node/allocations/:allocation',
  tag: 'Nodes',
  summary: 'Delete a free address',
  class: 'converge',
  permission: { admin: 'allocations.delete' },
  params: Type.Object({ node: Uuid, allocation: Uuid }),
  response: { 200: Nothing },
  errors: ['NODE_NOT_FOUND', 'ALLOCATION_NOT_FOUND', 'ALLOCATION_IN_USE'],
})
