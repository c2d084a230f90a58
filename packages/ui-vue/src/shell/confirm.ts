import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export interface Question {
  readonly title: string
  readonly text: string
  /** Verb and object: "Delete server". */
  readonly action: string
  readonly tone?: 'danger' | 'primary'
  /** A word that has to be typed first, for loss of data. */
  readonly typed?: string
}

/** Asks before something that cannot be undone. */
export const useConfirm = defineStore('confirm', () => {
  const question = shallowRef<Question>()
  let settle: ((answer: boolean) => void) | undefined

  function answer(value: boolean): void {
    settle?.(value)
    settle = undefined
    question.value = undefined
  }

  function ask(next: Question): Promise<boolean> {
    settle?.(false)
    question.value = next
    return new Promise((resolve) => {
      settle = resolve
    })
  }

  return { question, ask, answer }
})
