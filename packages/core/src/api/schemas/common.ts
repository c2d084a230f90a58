import { Type, type Static, type TSchema } from 'typebox'

/** UUID of any version; ours are v4 for servers and v7 for the rest, imported ones are accepted as they are. */
export const Uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' })
/** Full uuid of a server, or its first eight characters. */
export const ServerRef = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?$' })
/** Milliseconds since 1970-01-01 UTC. */
export const Timestamp = Type.Integer({ minimum: 0 })
/** Rises with every change of the object; the strong `ETag` is this number in quotes. */
export const Revision = Type.Integer({ minimum: 0 })
export const Name = Type.String({ minLength: 1, maxLength: 191, pattern: '\\S' })
export const Description = Type.String({ maxLength: 2000 })
export const Email = Type.String({ minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' })
export const ExternalId = Type.String({ minLength: 1, maxLength: 191 })
/** A field that may hold nothing. */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
/** A closed set of words. */
export const OneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: [...values] })

/** A schema that gets its own name in OpenAPI and in the SDK's types. */
export function named<T extends TSchema>(title: string, schema: T): T {
  return { ...schema, title }
}

export const Page = {
  /** Opaque; from `nextCursor` of the page before. */
  cursor: Type.Optional(Type.String({ maxLength: 512 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 25 })),
}

/** One page of a list. `total` is only there when it was asked for with `include=total`. */
export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object({ data: Type.Array(item), nextCursor: Nullable(Type.String()), total: Type.Optional(Type.Integer()) })

export const ErrorAnswer = named(
  'Error',
  Type.Object({
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      requestId: Type.String(),
    }),
  }),
)
export type ErrorAnswer = Static<typeof ErrorAnswer>

export const Nothing = Type.Object({})
