import { Type } from 'typebox'
import { contract } from './contract.ts'
import { named } from './schemas/common.ts'

export const System = named(
  'System',
  Type.Object({
    name: Type.String(),
    version: Type.String(),
    /** Languages of the web app that are complete. */
    languages: Type.Array(Type.String()),
    signIn: Type.Object({ password: Type.Boolean() }),
  }),
)

export const getSystem = contract({
  method: 'GET',
  path: '/system',
  tag: 'System',
  summary: 'Read what this panel is and how to sign in',
  class: 'read',
  permission: 'public',
  response: { 200: System },
})

export const getHealth = contract({
  method: 'GET',
  path: '/health',
  tag: 'System',
  summary: 'Ask whether the panel is ready to serve',
  description: 'Answers 200 when the database answers, else 503. For load balancers and supervisors.',
  class: 'read',
  permission: 'public',
  response: { 200: Type.Object({ ready: Type.Literal(true) }) },
  errors: ['SERVICE_UNAVAILABLE'],
  rate: 'unlimited',
})
