import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { createPanel, ensureFirstAdmin, type Panel } from '../../index.ts'
import { createLocalAccess } from '../local-access.ts'
import type { UpOptions } from '../options.ts'
import { createReporter, type Reporter } from '../reporter.ts'
import { startAgentProcess, type AgentProcess } from './agent-process.ts'
import { ensureDemo } from './demo.ts'
import { ensureLocalNode } from './local-node.ts'
import { findWebRoot } from './web-root.ts'

const AGENT_TIMEOUT_MS = 60_000

export interface UpIo {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly now: () => number
  /** Settles when the process is asked to end. */
  readonly interrupted: Promise<string>
}

/** `hatchery up`: panel, first administrator and the agent of this machine, until interrupted. Answers the exit code. */
export async function up(options: UpOptions, io: UpIo): Promise<number> {
  const report = createReporter(options.isJson ? io.stderr : io.stdout, io.now)
  const { dataDirectory } = options
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  let administrator: string | null = null
  const access = createLocalAccess(() => administrator)

  const database = options.databaseUrl ?? `sqlite:${path.join(dataDirectory, 'panel.sqlite')}`
  const panel = await report.step(
    'Database',
    () =>
      createPanel({
        database,
        masterKey: { directory: dataDirectory },
        redis: options.redisUrl,
        internalUrl: options.internalUrl,
        publicUrl: options.publicUrl,
        allowedHosts: options.allowedHosts,
        trustedProxies: options.trustedProxies,
        outbound: { allow: options.outboundAllow },
        log: options.logLevel as 'warn',
        webRoot: findWebRoot(),
        authenticate: access.authenticate,
      }),
    () =>
      options.databaseUrl
        ? new URL(options.databaseUrl).protocol.replace(':', '')
        : `SQLite, ${short(path.join(dataDirectory, 'panel.sqlite'))}`,
  )
  let agent: AgentProcess | null = null
  try {
    const admin = await ensureFirstAdmin(panel.ctx, {
      ...(options.adminEmail ? { email: options.adminEmail } : {}),
      ...(options.adminPassword ? { password: options.adminPassword } : {}),
    })
    administrator = admin.uuid
    const url = await report.step(
      'Panel',
      () => panel.listen({ port: options.port, host: options.host }),
      (address) => address,
    )
    const client = access.client(loopback(url))
    access.announce(dataDirectory, loopback(url))
    if (options.withAgent) agent = await startAgent(panel, options, loopback(url), client, report)
    if (options.isDemo) {
      // A demo that fails is said and leaves the panel running.
      await report
        .step(
          'Demo server',
          (update) =>
            ensureDemo(client, (listener) => panel.ctx.bus.subscribe('servers', listener), admin.uuid, update),
          ({ state, address, node }) =>
            `${state}, ${address ?? 'no address'}${node.isolated ? '' : ' (NOT isolated from this machine)'}`,
        )
        .catch((error: unknown) => panel.ctx.log.warn({ err: error }, 'the demo server could not be started'))
    }
    if (options.isJson) {
      const ready = { url, adminEmail: admin.email, ...(admin.password ? { adminPassword: admin.password } : {}) }
      io.stdout.write(`${JSON.stringify({ ...ready, pid: process.pid, agentPid: agent?.pid ?? null })}\n`)
    } else sayReady(report, url, admin)

    const reason = await Promise.race([io.interrupted, agentFailure(agent)])
    if (reason.startsWith('The agent')) {
      report.line(`\n${reason} Its log is ${short(path.join(dataDirectory, 'agent', 'agent.log'))}.`)
      agent = null
      return 1
    }
    return 0
  } finally {
    access.withdraw(dataDirectory)
    await shutDown(panel, agent, report)
  }
}

async function startAgent(
  panel: Panel,
  options: UpOptions,
  panelUrl: string,
  client: ReturnType<ReturnType<typeof createLocalAccess>['client']>,
  report: Reporter,
): Promise<AgentProcess> {
  const directory = path.join(options.dataDirectory, 'agent')
  const { node, enrolmentToken } = await ensureLocalNode(
    client,
    options.dataDirectory,
    existsSync(path.join(directory, 'agent.sqlite')),
    options.ports,
  )
  return report
    .step(
      'Node agent',
      async (update) => {
        update(enrolmentToken ? 'enrolling this machine' : 'connecting')
        const online = connected(panel, node.id, client)
        const agent = startAgentProcess({
          panelUrl,
          dataDirectory: directory,
          runtime: options.runtime,
          logLevel: options.logLevel === 'silent' ? 'fatal' : options.logLevel,
          enrolmentToken,
        })
        const failed = agent.exited.then((code): never => {
          throw new Error(`it ended with code ${code}; its log is ${short(path.join(directory, 'agent.log'))}`)
        })
        try {
          await Promise.race([online.promise, failed])
        } catch (error) {
          await agent.stop()
          throw error
        } finally {
          online.stop()
        }
        // From here on the end of the agent is watched by `agentFailure`.
        failed.catch(() => undefined)
        const { host } = await client.getNode({ params: { node: node.id } })
        return { agent, host }
      },
      ({ host }) =>
        host ? `${node.name}, ${host.runtime} runtime${host.isolated ? '' : ' (servers are NOT isolated)'}` : node.name,
    )
    .then(({ agent }) => agent)
}

/** Settles when the panel has the agent's proven connection. */
function connected(
  panel: Panel,
  nodeId: string,
  client: { getNode(call: { params: { node: string } }): Promise<{ status: string }> },
) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () =>
    void client
      .getNode({ params: { node: nodeId } })
      .then(({ status }) => status === 'online' && resolve())
      .catch(reject)
  const unsubscribe = panel.ctx.nodes.onStatus(look)
  const timeout = setTimeout(
    () => reject(new Error(`it did not connect within ${AGENT_TIMEOUT_MS / 1000} s`)),
    AGENT_TIMEOUT_MS,
  )
  look()
  return {
    promise,
    stop() {
      clearTimeout(timeout)
      unsubscribe()
    },
  }
}

async function agentFailure(agent: AgentProcess | null): Promise<string> {
  if (!agent) return new Promise(() => {})
  const code = await agent.exited
  return `The agent ended with code ${code}.`
}

async function shutDown(panel: Panel, agent: AgentProcess | null, report: Reporter): Promise<void> {
  const host = agent
    ? await panel.ctx.db.selectFrom('nodes').select('host').where('host', 'is not', null).executeTakeFirst()
    : null
  const isProcess = host?.host?.includes('"runtime":"process"') ?? false
  if (agent) await agent.stop()
  await panel.close()
  report.line(
    isProcess
      ? 'Stopped. Servers of the process runtime were stopped with it.'
      : 'Stopped. Servers in Docker keep running; `npm start` takes them up again.',
  )
}

function sayReady(
  report: Reporter,
  url: string,
  admin: { readonly email: string; readonly password: string | null },
): void {
  report.line(`\n  Open ${url}`)
  report.line(`  Sign in as ${admin.email}${admin.password ? ` with the one-time password ${admin.password}` : ''}`)
  if (admin.password) report.line('  It is shown this once and stays valid until you change it.')
  report.line('  Ctrl-C stops panel and agent.\n')
}

/** An address that this machine reaches, whatever the panel listens on. */
function loopback(url: string): string {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//127.0.0.1')
}

function short(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}
