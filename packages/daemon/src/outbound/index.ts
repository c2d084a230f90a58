export { createWebClient, type WebAnswer, type WebClient, type WebOptions } from './web-client.ts'
export { readDispositionName, nameForFile } from './file-name.ts'
export { WebFile, type WebFileOptions } from './web-file.ts'
