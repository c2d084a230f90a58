// Makes the panel fetch from everywhere that it must not: 250 hosts, as they stand, behind names, behind names that change
// their answer between two questions, behind redirects, through each endpoint that fetches. Packets are counted by the kernel,
// in a network of its own with a name server of its own, so that what counts is where the panel connected to, not what it said.
// The negative controls are panels with a hole each; they must be caught.
//   node prove/outbound/main.ts --quick | --full
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { attack } from './attack.ts'
import { enterNetwork, PUBLIC_ADDRESS } from './network.ts'

const INSIDE = 'HATCHERY_PROVE_NETWORK'

if (process.env[INSIDE] === undefined) {
  if (process.getuid?.() !== 0 || spawnSync('unshare', ['-n', '-m', 'true']).status !== 0) {
    const message = 'skipped: outbound requests at packet level (a network of its own needs root)'
    console.log(message)
    process.exit(process.env['HATCHERY_CI'] === '1' ? 1 : 0)
  }
  const args = ['-n', '-m', process.execPath, ...process.execArgv, import.meta.filename, ...process.argv.slice(2)]
  const { status } = spawnSync('unshare', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  process.exit(status ?? 1)
}

const isFull = process.argv.includes('--full')
const CONTROLS = [
  {
    name: 'addresses are not judged before the connection',
    file: 'dial.ts',
    find: 'for (const address of addresses) checkAddress(dialer, host, address)',
    replace: '',
  },
  {
    name: 'the name is looked up again for the connection',
    file: 'dial.ts',
    find: 'const socket = await open(address, port, signal)',
    replace: 'const socket = await open(host, port, signal)',
  },
  {
    name: 'a block is missing',
    file: 'core/src/outbound/address-policy.ts',
    find: "['169.254.0.0/16', 'link-local, where clouds keep their metadata'],",
    replace: '',
  },
] as const

await using network = await enterNetwork()
const ours = await attack(network, { isFull })
let failed = ours.forbidden > 0 || ours.wrong.length > 0
console.log(
  `${ours.requests} requests to ${ours.hosts} hosts: ${ours.forbidden} forbidden connections, ` +
    `${ours.allowed} allowed ones to ${PUBLIC_ADDRESS}; answers: ${JSON.stringify(ours.codes)}`,
)
for (const line of ours.wrong.slice(0, 20)) console.log(`  ${line}`)
for (const { name, ...breakage } of CONTROLS) {
  const control = await attack(network, { isFull: false, breakage })
  console.log(`negative control, ${name}: ${control.forbidden} forbidden connections`)
  if (control.forbidden === 0) failed = true
}
if (!failed)
  console.log(`at 95 % the share of such requests that connect is below ${(3 / ours.requests).toExponential(1)}`)
process.exitCode = failed ? 1 : 0
