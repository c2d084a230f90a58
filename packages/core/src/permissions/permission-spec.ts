import type { AccountPermission, AdminPermission, ServerPermission } from './catalogue.ts'

/**
 * Who may call an endpoint, as data, so that one place decides and a matrix can be generated.
 * - `{server}`: this permission on the server named by the path parameter `server` (owner and administrators have all).
 * - `{admin}`: an administrative permission. `{account}`: any signed-in person, on their own account.
 * - `public`: nobody has to be signed in. `node`: proven by the agent link or a node token, never by a person.
 * - `{by, map}`: the permission depends on a field of the request (`body.action`).
 */
export type PermissionSpec =
  | { readonly server: ServerPermission }
  | { readonly admin: AdminPermission }
  | { readonly account: AccountPermission }
  | { readonly by: `body.${string}` | `params.${string}`; readonly map: Readonly<Record<string, PermissionSpec>> }
  | 'public'
  | 'node'
