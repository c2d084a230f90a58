export { createEndpoints } from './local-endpoints.ts'
