// An SSH server over files that a process of their own identity works on, as on a node; ends with its standard input.
import { SshStage } from '../../packages/daemon/src/testing/ssh-stage.ts'
import { hasNativeCrypto } from '../../packages/daemon/src/ssh/load-ssh2.ts'

const stage = await SshStage.start({ isConfined: true })
const { clientOptions, target, directory, keyFile } = stage
const facts = { options: clientOptions, target, directory, keyFile, hasNativeCrypto: hasNativeCrypto() }
process.stdout.write(`${JSON.stringify(facts)}\n`)
process.stdin.resume()
process.stdin.once('end', () => void stage[Symbol.asyncDispose]().then(() => process.exit(0)))
