import type { Context } from '../context.ts'
import type { AgentLinks } from '../nodes/agent-links.ts'

/** What the sending of operations needs: the context before it, over the links themselves. */
export type RunnerContext = Omit<Context, 'operations'> & { readonly nodes: AgentLinks }
