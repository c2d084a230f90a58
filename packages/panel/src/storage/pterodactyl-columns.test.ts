import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'

/**
 * Where an import puts each column of Pterodactyl 1.11 that matters to a host: `table.column` of ours, or the field of a
 * JSON document in one (`table.column → field`). A target that starts with `-` says why nothing is kept.
 */
const COLUMNS: Readonly<Record<string, string>> = {
  'users.id': 'users.id',
  'users.external_id': 'users.external_id',
  'users.uuid': 'users.uuid',
  'users.username': 'users.username',
  'users.email': 'users.email',
  'users.name_first': 'users.first_name',
  'users.name_last': 'users.last_name',
  'users.password': 'users.password_hash',
  'users.language': 'users.language',
  'users.root_admin': 'users.is_admin',
  'users.use_totp': 'users.totp_enabled_at',
  'users.totp_secret': 'users.totp_secret_encrypted',
  'users.totp_authenticated_at': '- the next sign-in proves it again',
  'users.gravatar': '- pictures are not fetched from third parties',
  'users.remember_token': '- people sign in again after a move',
  'users.created_at': 'users.created_at',
  'users.updated_at': 'users.updated_at',
  'recovery_tokens.user_id': 'one_time_tokens.user_id',
  'recovery_tokens.token': 'one_time_tokens.token_hash',
  'user_ssh_keys.user_id': 'ssh_keys.user_id',
  'user_ssh_keys.name': 'ssh_keys.name',
  'user_ssh_keys.fingerprint': 'ssh_keys.fingerprint',
  'user_ssh_keys.public_key': 'ssh_keys.public_key',
  'api_keys.user_id': 'api_keys.user_id',
  'api_keys.identifier': 'api_keys.identifier',
  'api_keys.token': 'api_keys.secret_hash',
  'api_keys.allowed_ips': 'api_keys.allowed_ips',
  'api_keys.memo': 'api_keys.name',
  'api_keys.last_used_at': 'api_keys.last_used_at',
  'api_keys.expires_at': 'api_keys.expires_at',
  'api_keys.r_servers': 'api_keys.permissions',
  'locations.id': 'locations.id',
  'locations.short': 'locations.name',
  'locations.long': 'locations.description',
  'nodes.id': 'nodes.id',
  'nodes.uuid': 'nodes.uuid',
  'nodes.public': 'nodes.is_public',
  'nodes.name': 'nodes.name',
  'nodes.description': 'nodes.description',
  'nodes.location_id': 'nodes.location_id',
  'nodes.fqdn': 'nodes.fqdn',
  'nodes.scheme': 'nodes.scheme',
  'nodes.behind_proxy': 'nodes.is_behind_proxy',
  'nodes.maintenance_mode': 'nodes.is_maintenance',
  'nodes.memory': 'nodes.memory_mib',
  'nodes.memory_overallocate': 'nodes.memory_overallocate_percent',
  'nodes.disk': 'nodes.disk_mib',
  'nodes.disk_overallocate': 'nodes.disk_overallocate_percent',
  'nodes.upload_size': 'nodes.upload_limit_mib',
  'nodes.daemon_token_id': 'nodes.wings_token_id',
  'nodes.daemon_token': 'nodes.wings_token_encrypted',
  'nodes.daemonListen': 'nodes.daemon_port',
  'nodes.daemonSFTP': 'nodes.daemon_sftp_port',
  'nodes.daemonBase': 'nodes.daemon_base',
  'allocations.id': 'allocations.id',
  'allocations.node_id': 'allocations.node_id',
  'allocations.ip': 'allocations.ip',
  'allocations.ip_alias': 'allocations.alias',
  'allocations.port': 'allocations.port',
  'allocations.server_id': 'allocations.server_id',
  'allocations.notes': 'allocations.notes',
  'nests.id': 'nests.id',
  'nests.uuid': 'nests.uuid',
  'nests.author': 'nests.author',
  'nests.name': 'nests.name',
  'nests.description': 'nests.description',
  'eggs.id': 'eggs.id',
  'eggs.uuid': 'eggs.uuid',
  'eggs.nest_id': 'eggs.nest_id',
  'eggs.author': 'eggs.author',
  'eggs.name': 'eggs.name',
  'eggs.description': 'eggs.description',
  'eggs.features': 'eggs.model → features',
  'eggs.docker_images': 'eggs.model → images',
  'eggs.file_denylist': 'eggs.model → file denylist',
  'eggs.update_url': 'eggs.model → update url',
  'eggs.config_files': 'eggs.model → configuration files, inheritance resolved',
  'eggs.config_startup': 'eggs.model → startup detection',
  'eggs.config_logs': 'eggs.model → logs',
  'eggs.config_stop': 'eggs.model → stop',
  'eggs.startup': 'eggs.model → startup commands',
  'eggs.script_install': 'eggs.model → install script, inheritance resolved',
  'eggs.force_outgoing_ip': 'eggs.model → outgoing ip',
  'egg_variables.env_variable': 'eggs.model → variables',
  'egg_variables.default_value': 'eggs.model → variables',
  'egg_variables.user_viewable': 'eggs.model → variables',
  'egg_variables.user_editable': 'eggs.model → variables',
  'egg_variables.rules': 'eggs.model → variables',
  'servers.id': 'servers.id',
  'servers.external_id': 'servers.external_id',
  'servers.uuid': 'servers.uuid',
  'servers.uuidShort': 'servers.short_id',
  'servers.node_id': 'servers.node_id',
  'servers.name': 'servers.name',
  'servers.description': 'servers.description',
  'servers.status (installing, install_failed)': 'servers.install_state',
  'servers.status (suspended)': 'server_holds.kind',
  'servers.skip_scripts': 'servers.skip_scripts',
  'servers.owner_id': 'servers.owner_id',
  'servers.memory': 'servers.memory_mib',
  'servers.swap': 'servers.swap_mib',
  'servers.disk': 'servers.disk_mib',
  'servers.io': 'servers.io_weight',
  'servers.cpu': 'servers.cpu_percent',
  'servers.threads': 'servers.cpu_pinning',
  'servers.oom_disabled': 'servers.oom_killer',
  'servers.allocation_id': 'servers.primary_allocation_id',
  'servers.nest_id': 'eggs.nest_id',
  'servers.egg_id': 'servers.egg_id',
  'servers.startup': 'servers.startup',
  'servers.image': 'servers.image',
  'servers.allocation_limit': 'servers.allocation_limit',
  'servers.database_limit': 'servers.database_limit',
  'servers.backup_limit': 'servers.backup_limit',
  'servers.created_at': 'servers.created_at',
  'servers.updated_at': 'servers.updated_at',
  'servers.installed_at': 'servers.installed_at',
  'server_variables.server_id': 'server_variables.server_id',
  'server_variables.variable_id': 'server_variables.env_variable',
  'server_variables.variable_value': 'server_variables.value',
  'subusers.user_id': 'subusers.user_id',
  'subusers.server_id': 'subusers.server_id',
  'subusers.permissions': 'subusers.permissions',
  'subusers.created_at': 'subusers.created_at',
  'mounts.uuid': 'mounts.uuid',
  'mounts.name': 'mounts.name',
  'mounts.description': 'mounts.description',
  'mounts.source': 'mounts.source',
  'mounts.target': 'mounts.target',
  'mounts.read_only': 'mounts.is_read_only',
  'mounts.user_mountable': 'mounts.is_user_mountable',
  'egg_mount.egg_id': 'mount_links.object_id',
  'mount_node.node_id': 'mount_links.object_id',
  'mount_server.server_id': 'mount_links.object_id',
  'schedules.server_id': 'schedules.server_id',
  'schedules.name': 'schedules.name',
  'schedules.cron_minute': 'schedules.cron_minute',
  'schedules.cron_hour': 'schedules.cron_hour',
  'schedules.cron_day_of_month': 'schedules.cron_day_of_month',
  'schedules.cron_month': 'schedules.cron_month',
  'schedules.cron_day_of_week': 'schedules.cron_day_of_week',
  'schedules.is_active': 'schedules.is_active',
  'schedules.is_processing': '- no run is under way after a move',
  'schedules.only_when_online': 'schedules.only_when_online',
  'schedules.last_run_at': 'schedules.last_run_at',
  'schedules.next_run_at': '- follows from the cron fields',
  'tasks.schedule_id': 'schedule_steps.schedule_id',
  'tasks.sequence_id': 'schedule_steps.sequence',
  'tasks.action': 'schedule_steps.action',
  'tasks.payload': 'schedule_steps.payload',
  'tasks.time_offset': 'schedule_steps.offset_seconds',
  'tasks.is_queued': '- no run is under way after a move',
  'tasks.continue_on_failure': 'schedule_steps.continue_on_failure',
  'backups.server_id': 'backups.server_id',
  'backups.uuid': 'backups.uuid',
  'backups.upload_id': '- an upload does not survive a move',
  'backups.is_successful': 'backups.is_successful',
  'backups.is_locked': 'backups.is_locked',
  'backups.name': 'backups.name',
  'backups.ignored_files': 'backups.ignored_files',
  'backups.disk': 'backups.disk',
  'backups.checksum': 'backups.checksum',
  'backups.bytes': 'backups.bytes',
  'backups.completed_at': 'backups.completed_at',
  'backups.created_at': 'backups.created_at',
  'backups.deleted_at': 'backups.deleted_at',
  'database_hosts.name': 'database_hosts.name',
  'database_hosts.host': 'database_hosts.host',
  'database_hosts.port': 'database_hosts.port',
  'database_hosts.username': 'database_hosts.username',
  'database_hosts.password': 'database_hosts.password_encrypted',
  'database_hosts.max_databases': 'database_hosts.max_databases',
  'database_hosts.node_id': 'database_hosts.node_id',
  'databases.server_id': 'databases.server_id',
  'databases.database_host_id': 'databases.database_host_id',
  'databases.database': 'databases.name',
  'databases.username': 'databases.username',
  'databases.remote': 'databases.remote',
  'databases.password': 'databases.password_encrypted',
  'databases.max_connections': 'databases.max_connections',
  'activity_logs.event': 'event_log.type',
  'activity_logs.ip': 'event_log.ip',
  'activity_logs.actor_id': 'event_log.user_id',
  'activity_logs.properties': 'event_log.data',
  'activity_logs.timestamp': 'event_log.at',
  'settings.key': 'settings.name',
  'settings.value': 'settings.value',
  'external ids of other systems': 'refs.external_id',
}

for (const dialect of DIALECTS) {
  describe(`an import from Pterodactyl on ${dialect}`, () => {
    test('finds a place for every column', async () => {
      await using database = await openTestDatabase(dialect)
      const { rows } = await sql<{ place: string }>`${
        dialect === 'sqlite'
          ? sql`select t.name || '.' || c.name as place from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'`
          : sql`select concat(table_name, '.', column_name) as place from information_schema.columns
                where table_schema = ${dialect === 'postgres' ? sql`current_schema()` : sql`database()`}`
      }`.execute(database.store.db)
      const ours = new Set(rows.map(({ place }) => place))
      const homeless = Object.entries(COLUMNS)
        .filter(([, target]) => !target.startsWith('-'))
        .filter(([, target]) => !ours.has(target.split(' → ')[0]!))
      expect(homeless).toEqual([])
    })

    test('keeps integer ids, external ids unique in their system, and the hashes that people sign in with', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const location = { id: 4711, uuid: crypto.randomUUID(), name: 'eu', description: '', created_at: 1, revision: 1 }
      const ref = { kind: 'server', object_id: 1, system: 'whmcs', external_id: '17' }
      await store.transaction(async (trx) => {
        await trx.insertInto('locations').values(location).execute()
        await trx.insertInto('refs').values(ref).execute()
        await trx
          .insertInto('refs')
          .values({ ...ref, system: 'paymenter' })
          .execute()
      })
      const { id } = await store.db.selectFrom('locations').select('id').executeTakeFirstOrThrow()
      expect(id).toBe(4711)
      const again = store.transaction((trx) =>
        trx
          .insertInto('refs')
          .values({ ...ref, object_id: 2 })
          .execute(),
      )
      await expect(again).rejects.toThrow()
    })
  })
}
