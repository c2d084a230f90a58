export { createWebClient, type WebClient, type WebOptions } from './web-client.ts'
export { WebFile, type WebFileOptions } from './web-file.ts'
