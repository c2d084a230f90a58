import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'

export interface Stored {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
}

export interface StoreEvent {
  readonly kind: string
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Stored
}

export class Conflict extends Error {}

/** Objects with versions and a history, as an API server keeps them. */
export class FakeStore {
  readonly #objects = new Map<string, Stored>()
  #history: StoreEvent[] = []
  readonly changes = new EventEmitter().setMaxListeners(0)
  /** Events up to here are forgotten; a watch from before them is told so. */
  compactedTo = 0
  version = 0

  find(kind: string, name: string): Stored | null {
    return this.#objects.get(`${kind}/${name}`) ?? null
  }

  list(kind: string, selector: Readonly<Record<string, string>>): Stored[] {
    const all = [...this.#objects.entries()].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object)
    return all.filter(({ metadata }) =>
      Object.entries(selector).every(([label, value]) => metadata.labels?.[label] === value),
    )
  }

  create(kind: string, object: Stored): Stored {
    const { name } = object.metadata
    if (this.find(kind, name)) throw new Conflict(`${kind} "${name}" already exists`)
    return this.#store(kind, 'ADDED', { ...object, metadata: { ...object.metadata, uid: randomUUID() } })
  }

  replace(kind: string, object: Stored): Stored {
    const uid = this.find(kind, object.metadata.name)?.metadata.uid ?? randomUUID()
    return this.#store(kind, 'MODIFIED', { ...object, metadata: { ...object.metadata, uid } })
  }

  delete(kind: string, name: string, uid?: string): Stored | null {
    const object = this.find(kind, name)
    if (!object) return null
    if (uid !== undefined && uid !== object.metadata.uid)
      throw new Conflict('the UID in the precondition does not match')
    this.#objects.delete(`${kind}/${name}`)
    this.#announce(kind, 'DELETED', object)
    return object
  }

  since(version: number): readonly StoreEvent[] {
    return this.#history.filter((event) => event.version > version)
  }

  compact(): void {
    this.compactedTo = this.version
    this.#history = []
  }

  #store(kind: string, type: StoreEvent['type'], object: Stored): Stored {
    const metadata = { ...object.metadata, resourceVersion: String(this.version + 1) }
    const stored = { ...object, metadata }
    this.#objects.set(`${kind}/${metadata.name}`, stored)
    this.#announce(kind, type, stored)
    return stored
  }

  #announce(kind: string, type: StoreEvent['type'], object: Stored): void {
    const event = { kind, type, version: ++this.version, object }
    this.#history.push(event)
    this.changes.emit('change')
  }
}
