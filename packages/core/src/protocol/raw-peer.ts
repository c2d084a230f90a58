import { acceptAgent, type AcceptOptions } from './accept-agent.ts'
import { connectToPanel, type ConnectOptions } from './connect-to-panel.ts'
import { FrameSealer, type Fragment } from './frame-cipher.ts'
import { AgentHandshake, PanelHandshake } from './handshake.ts'
import type { AgentSession, PanelSession } from './session.ts'
import { socketPair, type SocketPair } from './socket-pair.ts'
import { NODE, SECRET, acceptOptions, agentHello, connectOptions, panelHello } from './test-link.ts'

/** A peer that has proved itself and then sends whatever a test wants. */
export interface RawPeer<S> {
  readonly session: S
  readonly pair: SocketPair
  /** Sends one message in one frame, as JSON unless it is bytes. */
  send(message: unknown): void
  sendFragment(fragment: Fragment): void
}

const freshness = () => ({
  challenge: crypto.getRandomValues(new Uint8Array(32)),
  privateKey: crypto.getRandomValues(new Uint8Array(32)),
})

/** The panel under test, with a raw agent. */
export async function rawAgent(accept: Partial<AcceptOptions> = {}): Promise<RawPeer<PanelSession>> {
  const pair = socketPair()
  const accepting = acceptAgent(pair.a, NODE, acceptOptions(accept))
  const handshake = new AgentHandshake(SECRET, freshness())
  const answer = Promise.withResolvers<Uint8Array>()
  let messages = 0
  pair.b.onMessage((data) => {
    if (messages++ === 1) return answer.resolve(data)
    if (messages > 2) return
    handshake.readChallenge(data)
    const claim = { protocol: 1, node: NODE, keyId: 'key-1', agent: { version: '0' }, features: [], time: 0 }
    pair.b.send(handshake.prove(claim, agentHello()))
  })
  handshake.readAnswer(await answer.promise)
  return { session: await accepting, pair, ...sender(pair.b, handshake.keys().agentToPanel) }
}

/** The agent under test, with a raw panel. */
export async function rawPanel(connect: Partial<ConnectOptions> = {}): Promise<RawPeer<AgentSession>> {
  const pair = socketPair()
  const connecting = connectToPanel(pair.b, connectOptions(connect))
  const handshake = new PanelHandshake(freshness())
  const proof = Promise.withResolvers<Uint8Array>()
  pair.a.onMessage((data) => proof.resolve(data))
  pair.a.send(
    handshake.challenge({ protocol: { minimum: 1, maximum: 1 }, panel: { name: 'raw', version: '0' }, features: [] }),
  )
  handshake.readProof(await proof.promise)
  handshake.verify(SECRET)
  pair.a.send(handshake.answer({ received: 0, sent: 0 }, { hello: panelHello() }))
  return { session: await connecting, pair, ...sender(pair.a, handshake.keys().panelToAgent) }
}

function sender(socket: SocketPair['a'], key: Uint8Array) {
  const sealer = new FrameSealer(key)
  const sendFragment = (fragment: Fragment) => socket.send(sealer.seal(fragment))
  return {
    sendFragment,
    send(message: unknown) {
      const payload = message instanceof Uint8Array ? message : Buffer.from(JSON.stringify(message))
      sendFragment({ message: 0, isFirst: true, isLast: true, payload })
    },
  }
}
