import { Type } from 'typebox'

/**
 * Names the data socket that the bytes travel on; the agent opens it (RULES 12). What stands behind a dot says which process of
 * the panel waits for it, and goes into the address as `route`, unread.
 */
export const ticket = Type.String({ pattern: '^[0-9a-f]{32}(\\.[\\w-]{1,400})?$' })
