import { AsyncLocalStorage } from 'node:async_hooks'

/** What is known about the transaction that the current asynchronous context is in. */
export interface TransactionScope {
  isOpen: boolean
  readonly effects: (() => void)[]
}

const scopes = new AsyncLocalStorage<TransactionScope>()

/** Runs `fn` inside a new scope; the caller closes it when the transaction has ended. */
export function runInScope<T>(scope: TransactionScope, fn: () => Promise<T>): Promise<T> {
  return scopes.run(scope, fn)
}

/** Whether the current asynchronous context is inside an open transaction. */
export function isInTransaction(): boolean {
  return scopes.getStore()?.isOpen === true
}

/**
 * Runs `effect` once the transaction of this asynchronous context has committed; never when it rolls back or is retried.
 * @throws Error outside a transaction
 */
export function afterCommit(effect: () => void): void {
  const scope = scopes.getStore()
  if (!scope?.isOpen) throw new Error('afterCommit() was called outside a transaction.')
  scope.effects.push(effect)
}
