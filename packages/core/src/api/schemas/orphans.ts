import { Type, type Static } from 'typebox'
import { Nullable, OneOf, Timestamp, Uuid, named } from './common.ts'

/** A server that a node has and the panel does not know there: after a restored database, a lost row, a disk of another node. */
export const Orphan = named(
  'Orphan',
  Type.Object({
    /** Id that the node knows the server by. */
    server: Uuid,
    /** What the node calls it; null when only container or files were found. */
    name: Nullable(Type.String()),
    state: OneOf(['offline', 'starting', 'running', 'stopping']),
    /** When the node last said so. */
    seenAt: Timestamp,
    /** The node the panel knows this server on; it cannot be adopted here then. */
    elsewhere: Nullable(Type.Object({ node: Uuid, name: Type.String() })),
    /** It is being removed. */
    isRemoving: Type.Boolean(),
  }),
)
export type Orphan = Static<typeof Orphan>
