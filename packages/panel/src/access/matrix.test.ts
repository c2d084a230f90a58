import { CONTRACTS, type ContractSpec } from '@hatchery/core/api'
import { authorisationMatrix, PRINCIPAL_KINDS, type PrincipalKind, type Verdict } from '@hatchery/core/permissions'
import { describe, expect, test } from 'vitest'
import { createApiKey } from '@hatchery/core/api'
import { createTestPanel, type TestClient, type TestPanel, type TestServer } from '../testing/test-panel.ts'

const ROWS = authorisationMatrix({ endpoints: CONTRACTS })

/** What a caller can tell from an answer. Everything past the door counts as let in, whatever else is wrong. */
function verdictOf(status: number, code: string | undefined): Verdict {
  if (code === 'NOT_SIGNED_IN') return 'sign-in'
  if (code === 'PERMISSION_DENIED') return 'forbidden'
  if (code === 'SERVER_NOT_FOUND') return 'hidden'
  return status === 422 && code === 'VALIDATION_FAILED' ? 'invalid' : 'allowed'
}

async function ask(client: TestClient, contract: ContractSpec, server: TestServer, value: string | null | undefined) {
  const chosen = value === undefined ? undefined : (value ?? 'something-else')
  const by = typeof contract.permission === 'object' && 'by' in contract.permission ? contract.permission.by : ''
  const field = by.replace(/^\w+\./, '')
  const url = contract.path.replace(/:(\w+)/g, (_hole, name: string) => {
    if (name === 'server') return server.uuid
    if (by === `params.${name}`) return String(chosen)
    return name === 'kind' ? 'admin' : crypto.randomUUID()
  })
  const payload = by.startsWith('body.') ? { [field]: chosen } : {}
  const answer = await client.request({
    method: contract.method,
    url: `/api/v1${url}`,
    ...(contract.method === 'GET' ? {} : { payload }),
  })
  return { status: answer.statusCode, code: answer.json().error?.code as string | undefined }
}

async function callers(panel: TestPanel, permission: string | null, door: string) {
  const owner = await panel.createUser()
  const server = await panel.createServer(owner)
  const [stranger, without, having] = [await panel.createUser(), await panel.createUser(), await panel.createUser()]
  await panel.grant(
    without,
    server,
    ['user.read'].filter((name) => name !== permission),
  )
  await panel.grant(having, server, permission === null ? [] : [permission])
  const admin = await panel.signInAs(await panel.createAdmin())
  // Limited to something else, whatever is asked for.
  const other = door === 'deleteSession' ? 'account:api-keys.delete' : 'account:sessions.delete'
  const key = await admin.call(createApiKey, { body: { name: 'x', permissions: [other] } })
  const clients: Partial<Record<PrincipalKind, TestClient>> = {
    anonymous: panel.anonymous,
    'user-without-access': await panel.signInAs(stranger),
    'subuser-without-permission': await panel.signInAs(without),
    'subuser-with-permission': await panel.signInAs(having),
    owner: await panel.signInAs(owner),
    administrator: admin,
    'limited-key': panel.withHeaders({ authorization: `Bearer ${key.body.secret}` }),
  }
  return { clients, server }
}

describe('the door of every endpoint', () => {
  test('has a verdict', () => {
    expect(new Set(ROWS.map(({ door }) => door))).toEqual(new Set(CONTRACTS.keys()))
  })

  for (const { door, value, required, verdicts } of ROWS) {
    test(`${door}${value === undefined ? '' : ` (${value ?? 'any other value'})`} opens for whom it says`, async () => {
      await using panel = await createTestPanel()
      const permission = typeof required === 'object' && 'server' in required ? required.server : null
      const contract = CONTRACTS.get(door)!
      const seen: Partial<Record<PrincipalKind, Verdict>> = {}
      const stated: Partial<Record<PrincipalKind, Verdict>> = {}
      for (const kind of PRINCIPAL_KINDS) {
        // A fresh server and fresh sign-ins: what the one before was allowed to do may have ended them.
        const { clients, server } = await callers(panel, permission, door)
        const client = clients[kind]
        if (!client) continue
        const { status, code } = await ask(client, contract, server, value)
        const verdict = verdictOf(status, code)
        // Who is nobody is told so before anything of the request is read.
        stated[kind] = kind === 'anonymous' && verdicts[kind] === 'invalid' ? 'sign-in' : verdicts[kind]
        // Past the door, the empty body is what is wrong.
        seen[kind] = verdict === 'invalid' && stated[kind] === 'allowed' ? 'allowed' : verdict
        if (code === 'ROUTE_NOT_FOUND' || code === 'INTERNAL') throw new Error(`${door} answered ${code}`)
      }
      expect(seen).toEqual(stated)
    })
  }
})
