import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { answer } from '../http/reply.ts'
import { createEnrolmentToken, enrolAgent } from './enrolment.ts'
import { createWingsConfiguration } from '../wings/node-configuration.ts'
import { adoptOrphan } from './adopt-orphan.ts'
import { listOrphans } from './list-orphans.ts'
import { removeOrphan } from './remove-orphan.ts'
import { rotateNodeSecret } from './rotate-secret.ts'
import { confirmNode, createNode, deleteNode, listNodes, readNode, updateNode } from './service.ts'

export function nodesRoutes(routes: Routes): void {
  implement(routes, api.listNodes, (ctx, { query }) => listNodes(ctx, query))
  implement(routes, api.getNode, (ctx, { params }) => readNode(ctx, params.node))
  implement(routes, api.createNode, (ctx, { body }) => createNode(ctx, body))
  implement(routes, api.updateNode, (ctx, { params, body, ifMatch }) => updateNode(ctx, params.node, body, ifMatch))
  implement(routes, api.deleteNode, (ctx, { params }) => deleteNode(ctx, params.node))
  implement(routes, api.createEnrolmentToken, (ctx, { params }) => createEnrolmentToken(ctx, params.node))
  implement(routes, api.createWingsConfiguration, (ctx, { params }) => createWingsConfiguration(ctx, params.node))
  implement(routes, api.confirmNode, (ctx, { params }) => confirmNode(ctx, params.node))
  implement(routes, api.rotateNodeSecret, (ctx, { params }, signal) => rotateNodeSecret(ctx, params.node, signal))
  implement(routes, api.listOrphans, (ctx, { params, query }) => listOrphans(ctx, params.node, query))
  implement(routes, api.adoptOrphan, async (ctx, { params, body }) => answer(201, await adoptOrphan(ctx, params, body)))
  implement(routes, api.removeOrphan, async (ctx, { params }) => answer(202, await removeOrphan(ctx, params)))
  implement(routes, api.enrolAgent, (ctx, { body }) => enrolAgent(ctx, body))
}
