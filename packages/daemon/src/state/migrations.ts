/** One step of the agent's own schema. A release only adds, and every statement can be run again (RULES 10). */
export interface StateMigration {
  readonly version: number
  readonly statements: readonly string[]
}

export const STATE_MIGRATIONS: readonly StateMigration[] = [
  {
    version: 1,
    statements: [
      `create table if not exists identity (
        id integer primary key check (id = 1),
        installation text not null,
        machine text not null,
        data_directory text not null,
        node text,
        key_id text,
        secret text not null,
        panel_url text,
        link_path text,
        enrolled_at integer
      )`,
      `create table if not exists servers (
        id text primary key,
        spec text,
        generation_epoch integer,
        generation_n integer,
        lifecycle text not null,
        run_key text,
        boot_id text,
        pending_features text not null default '[]',
        uid integer not null unique,
        gid integer not null,
        subnet text unique,
        state_seq integer not null default 0,
        is_orphaned integer not null default 0,
        created_at integer not null
      )`,
      `create table if not exists tombstones (
        server text primary key,
        generation_epoch integer not null,
        generation_n integer not null,
        operation text not null,
        at integer not null
      )`,
      `create table if not exists operations (
        id text primary key,
        method text not null,
        server text,
        class text not null,
        body_hash text not null,
        body text not null,
        phase text not null,
        answer text,
        status text,
        created_at integer not null,
        finished_at integer
      )`,
      `create index if not exists operations_finished on operations (finished_at)`,
      `create table if not exists outbox (
        seq integer primary key autoincrement,
        name text not null,
        subject text,
        data text not null,
        at integer not null
      )`,
      `create index if not exists outbox_subject on outbox (name, subject)`,
      `create table if not exists facts (name text primary key, value text not null)`,
    ],
  },
  {
    version: 2,
    statements: [
      // Secrets beside the one in `identity`: made and not used yet (`used_at` null), or used before.
      `create table if not exists node_secrets (
        key_id text primary key,
        secret text not null,
        made_at integer not null,
        used_at integer
      )`,
      // Outlives the server's row: a grant that was taken back stays taken back.
      `create table if not exists authorities (server text primary key, epoch integer not null)`,
    ],
  },
  {
    version: 3,
    statements: [
      // Tokens of the direct path that were used; each opens something once, whatever happens to the agent.
      `create table if not exists direct_tokens (id text primary key, expires_at integer not null)`,
      `create index if not exists direct_tokens_expiry on direct_tokens (expires_at)`,
      // The least access revision of a user that counts (RULES 16); an empty server stands for all of them.
      `create table if not exists access_floors (
        user text not null,
        server text not null,
        min_revision integer not null,
        primary key (user, server)
      )`,
    ],
  },
  {
    version: 4,
    statements: [
      // Readings of everything at one time stand in one row: they are written together, and each tick costs a page or two.
      `create table if not exists metric_subjects (id integer primary key autoincrement, server text not null unique)`,
      `create table if not exists metric_fine (at integer primary key, frame blob not null)`,
      `create table if not exists metric_coarse (at integer primary key, frame blob not null)`,
      // One row per server: what was counted last, the hour under way, and everything so far.
      `create table if not exists usage_meters (
        server text primary key,
        boot_id text not null,
        mono_ms integer not null,
        wall_ms integer not null,
        run_key text,
        run_cpu_ms integer not null,
        run_rx_bytes integer not null,
        run_tx_bytes integer not null,
        memory_mib integer not null,
        disk_mib integer not null,
        hour integer not null,
        hour_amounts text not null,
        total_amounts text not null
      )`,
      // Hours that are over; never changed, and kept for a panel that was restored from an older state.
      `create table if not exists usage_hours (
        server text not null,
        hour integer not null,
        amounts text not null,
        primary key (server, hour)
      )`,
      `create index if not exists usage_hours_hour on usage_hours (hour)`,
    ],
  },
]
