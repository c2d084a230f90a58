import type { ContractSpec, ResponseOf } from '@hatchery/core/api'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { CallInput, TestAnswer, TestClient } from './test-panel.ts'

/** Calls a panel's endpoints by their contracts, with these headers. */
export function createTestClient(app: FastifyInstance, headers: Readonly<Record<string, string>>): TestClient {
  const request = (options: InjectOptions): Promise<LightMyRequestResponse> =>
    app.inject({ ...options, headers: { ...headers, ...options.headers } })

  const call = async <S extends ContractSpec>(
    contract: S,
    input: CallInput<S> = {},
  ): Promise<TestAnswer<ResponseOf<S>>> => {
    const response = await request({
      method: contract.method,
      url: `/api/v1${pathOf(contract, input.params as Readonly<Record<string, unknown>> | undefined)}`,
      ...(input.query === undefined ? {} : { query: textOf(input.query as Readonly<Record<string, unknown>>) }),
      ...(input.body === undefined ? {} : { payload: input.body as object }),
      ...(input.headers === undefined ? {} : { headers: input.headers }),
    })
    return {
      status: response.statusCode,
      body: isJson(response) ? response.json() : (response.body as unknown as ResponseOf<S>),
      headers: response.headers,
    }
  }

  return {
    headers,
    call,
    request,
    async refusal(contract, input) {
      const { status, body } = await call(contract, input)
      const code = (body as { error?: { code?: string } } | null)?.error?.code
      if (code === undefined)
        throw new Error(`${contract.method} ${contract.path} was not refused: it answered ${status}.`)
      return code
    },
  }
}

function pathOf(contract: ContractSpec, params: Readonly<Record<string, unknown>> = {}): string {
  return contract.path.replace(/:(\w+)/g, (_hole, name: string) => encodeURIComponent(String(params[name])))
}

function textOf(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
}

/** Downloads answer bytes. */
function isJson({ headers }: LightMyRequestResponse): boolean {
  return String(headers['content-type'] ?? 'json').includes('json')
}
