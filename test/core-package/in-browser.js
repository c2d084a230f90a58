// The page hands over what the exercise answers, in itself and in a module worker.
import { exercise } from './exercise.js'

globalThis.answers = (async () => {
  const worker = new Worker(new URL('./in-worker.js', import.meta.url), { type: 'module' })
  const fromWorker = new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data))
    worker.addEventListener('error', ({ message }) => reject(new Error(message || 'The worker could not be loaded.')))
  })
  return [await exercise(), await fromWorker]
})()
