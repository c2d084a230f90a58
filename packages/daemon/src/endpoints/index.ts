export { createEndpoints, type EndpointAllocation, type LocalEndpointsOptions } from './local-endpoints.ts'
