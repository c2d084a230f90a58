import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { importSshKeys } from './import-keys.ts'
import { addSshKey, listOwnSshKeys, removeSshKey, renameSshKey } from './ssh-keys.ts'

export function sshKeyRoutes(routes: Routes): void {
  implement(routes, api.listSshKeys, (ctx, { query }) => listOwnSshKeys(ctx, query))
  implement(routes, api.addSshKey, (ctx, { body }) => addSshKey(ctx, body))
  implement(routes, api.importSshKeys, (ctx, { body }) => importSshKeys(ctx, body))
  implement(routes, api.updateSshKey, (ctx, { params, body }) => renameSshKey(ctx, params.key, body.name))
  implement(routes, api.deleteSshKey, (ctx, { params }) => removeSshKey(ctx, params.key))
}
