import { expect, test } from 'vitest'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'

const TOKEN = 'a token of some length'
const bearer = { authorization: `Bearer ${TOKEN}` }

for (const dialect of DIALECTS) {
  test(`what the panel knows is there for Prometheus, on ${dialect}`, async () => {
    await using panel = await createTestPanel({ dialect, metricsToken: TOKEN })
    const owner = await panel.createUser()
    await panel.createServer(owner, { process_state: 'running' })
    await panel.inject({ method: 'GET', url: '/api/v1/health' })
    const { statusCode, headers, body } = await panel.inject({ method: 'GET', url: '/metrics', headers: bearer })
    expect(statusCode).toBe(200)
    expect(headers['content-type']).toMatch(/^text\/plain/)
    expect(body).toMatch(/^hatchery_servers\{state="running",install="\w+"\} 1$/m)
    expect(body).toMatch(/^hatchery_node_connected\{node="[0-9a-f-]{36}",name="[^"]+"\} 0$/m)
    expect(body).toMatch(/^hatchery_event_log_lag_seconds \d/m)
    expect(body).toMatch(
      /^hatchery_http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/health",status="200"\} 1$/m,
    )
  })
}

test('nobody without the token gets them', async () => {
  await using panel = await createTestPanel({ metricsToken: TOKEN })
  for (const headers of [{}, { authorization: 'Bearer another token of length' }, { authorization: TOKEN }]) {
    const { statusCode, body } = await panel.inject({ method: 'GET', url: '/metrics', headers })
    expect(statusCode).toBe(401)
    expect(body).not.toContain('hatchery_')
  }
})

test('they are not there without a token, and a short one is refused', async () => {
  await using panel = await createTestPanel()
  expect((await panel.inject({ method: 'GET', url: '/metrics', headers: bearer })).statusCode).toBe(404)
  await expect(createTestPanel({ metricsToken: 'short' })).rejects.toThrow('16 characters')
})
