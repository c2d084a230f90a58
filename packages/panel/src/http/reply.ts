/** An answer that is more than its body. */
export class Reply<B> {
  readonly status: number
  readonly body: B
  readonly headers: Readonly<Record<string, string | string[]>>

  constructor(status: number, body: B, headers: Readonly<Record<string, string | string[]>> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** Answers with a status other than the contract's lowest, or with headers. */
export function answer<B>(status: number, body: B, headers?: Readonly<Record<string, string | string[]>>): Reply<B> {
  return new Reply(status, body, headers)
}

/** A body that is JSON already and holds only the fields of the contract, such as rows from the summary cache. */
export class SerializedBody {
  readonly json: string
  constructor(json: string) {
    this.json = json
  }
}

/**
 * Answers with JSON text that was serialised before. The caller promises that it fits the contract.
 * @example return answerSerialized<ResponseOf<typeof listServers>>(200, `{"data":[${rows.join(',')}],"nextCursor":null}`)
 */
export function answerSerialized<B>(status: number, json: string): Reply<B> {
  return new Reply(status, new SerializedBody(json) as unknown as B)
}
