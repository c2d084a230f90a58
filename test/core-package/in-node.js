// Prints what the exercise answers, in this thread and in a worker, on one line each.
import { once } from 'node:events'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { exercise } from './exercise.js'

const answer = await exercise()
if (isMainThread) {
  console.log(JSON.stringify(answer))
  const [fromWorker] = await once(new Worker(new URL(import.meta.url)), 'message')
  console.log(JSON.stringify(fromWorker))
} else {
  parentPort.postMessage(answer)
}
