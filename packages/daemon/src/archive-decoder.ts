// The thread in which 7-Zip reads one archive, started by the files process: see files/archives/seven-zip/run-seven-zip.ts.
import { parentPort, workerData } from 'node:worker_threads'
import { decode } from './files/archives/seven-zip/decode.ts'
import type { DecoderTask } from './files/archives/seven-zip/messages.ts'

await decode(workerData as DecoderTask, (message, transfer) => parentPort?.postMessage(message, transfer))
