import { exercise } from './exercise.js'

exercise().then(
  (answer) => postMessage(answer),
  (error) => postMessage({ failed: String(error) }),
)
