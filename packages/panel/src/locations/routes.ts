import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { createLocation, deleteLocation, listLocations, updateLocation } from './service.ts'

export function locationsRoutes(routes: Routes): void {
  implement(routes, api.listLocations, (ctx, { query }) => listLocations(ctx, query))
  implement(routes, api.createLocation, (ctx, { body }) => createLocation(ctx, body))
  implement(routes, api.updateLocation, (ctx, { params, body, ifMatch }) =>
    updateLocation(ctx, params.location, body, ifMatch),
  )
  implement(routes, api.deleteLocation, (ctx, { params }) => deleteLocation(ctx, params.location))
}
