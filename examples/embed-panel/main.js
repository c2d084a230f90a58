import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createApp } from './app.js'

const dataDirectory = path.resolve('data')
mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })

const app = await createApp({ dataDirectory })
console.log(`${await app.listen({ port: Number(process.env.PORT ?? 3000) })} (the panel is below /hosting)`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void app.close())
