/** Who makes a request. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'session'
      readonly userId: number
      readonly userUuid: string
      readonly isAdmin: boolean
      readonly sessionId: number
    }
  | {
      readonly kind: 'api-key'
      readonly userId: number
      readonly userUuid: string
      readonly isAdmin: boolean
      readonly keyId: number
      /** Empty: everything its owner may do. */
      readonly permissions: readonly string[]
    }
  | { readonly kind: 'node'; readonly nodeId: number; readonly nodeUuid: string }
  /** A host that embeds the panel brings its own sign-in. */
  | { readonly kind: 'host'; readonly userId: number; readonly userUuid: string; readonly isAdmin: boolean }
