import type { WingsConfiguration } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { createWingsCredentials, sealWingsSecret, type WingsCredentials } from './wings-secret.ts'

/** Makes new credentials of a Wings node and the config.yml that carries them; they are shown this once. */
export async function createWingsConfiguration(ctx: RequestContext, uuid: string): Promise<WingsConfiguration> {
  const remote = ctx.config.publicUrl
  if (remote === null) {
    throw new AppError('BAD_REQUEST', { reason: 'set the public address of the panel first; a Wings has to reach it' })
  }
  const credentials = createWingsCredentials()
  const node = await ctx.store.transaction(async (trx, afterCommit) => {
    const found = await trx.selectFrom('nodes').selectAll().where('uuid', '=', uuid).executeTakeFirst()
    if (!found) throw new AppError('NODE_NOT_FOUND', { id: uuid })
    if (found.kind !== 'wings') {
      throw new AppError('NODE_UNSUPPORTED', { node: found.name, capability: 'a Wings configuration' })
    }
    await trx
      .updateTable('nodes')
      .set((eb) => ({
        wings_token_id: credentials.id,
        wings_token_encrypted: sealWingsSecret(ctx, uuid, credentials.secret),
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', found.id)
      .execute()
    await ctx.events.append(trx, { type: 'node:wings-configuration', ...actorOf(ctx), nodeId: found.id })
    afterCommit(() => ctx.bus.publish('nodes', { id: found.id, uuid }))
    return found
  })
  return { tokenId: credentials.id, configuration: configurationOf(node, credentials, remote) }
}

interface ConfiguredNode {
  readonly uuid: string
  readonly fqdn: string
  readonly scheme: string
  readonly is_behind_proxy: number
  readonly upload_limit_mib: number
  readonly daemon_port: number
  readonly daemon_sftp_port: number
  readonly daemon_base: string
}

function configurationOf(node: ConfiguredNode, credentials: WingsCredentials, remote: string): string {
  const certificates = `/etc/letsencrypt/live/${node.fqdn}`
  // Text of JSON is text of YAML.
  const text = (value: string) => JSON.stringify(value)
  return [
    'debug: false',
    `uuid: ${text(node.uuid)}`,
    `token_id: ${text(credentials.id)}`,
    `token: ${text(credentials.secret)}`,
    'api:',
    '  host: "0.0.0.0"',
    `  port: ${node.daemon_port}`,
    '  ssl:',
    `    enabled: ${node.scheme === 'https' && node.is_behind_proxy === 0}`,
    `    cert: ${text(`${certificates}/fullchain.pem`)}`,
    `    key: ${text(`${certificates}/privkey.pem`)}`,
    `  upload_limit: ${node.upload_limit_mib}`,
    'system:',
    `  data: ${text(node.daemon_base === '' ? '/var/lib/pterodactyl/volumes' : node.daemon_base)}`,
    '  sftp:',
    `    bind_port: ${node.daemon_sftp_port}`,
    'allowed_mounts: []',
    `remote: ${text(remote.replace(/\/$/, ''))}`,
    '',
  ].join('\n')
}
