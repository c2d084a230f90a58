import { scrapeMetrics } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'

const url = `/api/v1${scrapeMetrics.path}`

for (const dialect of DIALECTS) {
  test(`what the panel knows is there for Prometheus, on ${dialect}`, async () => {
    await using panel = await createTestPanel({ dialect })
    const admin = await panel.signInAs(await panel.createAdmin())
    await panel.createServer(await panel.createUser(), { process_state: 'running' })
    await admin.request({ method: 'GET', url })
    await panel.inject({ method: 'GET', url: '/api/v1/health' })
    const { statusCode, headers, body } = await admin.request({ method: 'GET', url })
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

test('nobody but administrators gets them', async () => {
  await using panel = await createTestPanel()
  expect(await panel.anonymous.refusal(scrapeMetrics)).toBe('NOT_SIGNED_IN')
  expect(await (await panel.signInAs(await panel.createUser())).refusal(scrapeMetrics)).toBe('PERMISSION_DENIED')
})
