// Adds to a package-lock.json the optional packages of other platforms that npm left out because the registry at hand did not
// offer them. Without these entries `npm ci` refuses the lock; with them each platform installs its own.
//   node scripts/complete-lock.mjs package-lock.json
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

const OS = ['android', 'darwin', 'win32', 'freebsd', 'openbsd', 'netbsd', 'openharmony', 'linux', 'sunos', 'aix']
const CPU = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32', 'arm']

const file = process.argv[2]
const lock = JSON.parse(readFileSync(file, 'utf8'))
let added = 0
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key]?.version || !/^\d+\.\d+\.\d+/.test(version)) continue
    const words = name
      .replace(/arm-?(eabi|gnueabi|musleabi)(hf)?/, 'arm')
      .replace(/ppc64le?/, 'ppc64')
      .split(/[/-]/)
    const os = OS.find((word) => words.includes(word))
    const cpu = CPU.find((word) => words.includes(word))
    if (!cpu || (!os && cpu !== 'wasm32')) throw new Error(`cannot tell the platform of ${name}`)
    lock.packages[key] = {
      version,
      cpu: [cpu],
      ...(/musl/.test(name) ? { libc: ['musl'] } : /gnu/.test(name) && os === 'linux' ? { libc: ['glibc'] } : {}),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os ? { os: [os] } : {}),
    }
    added += 1
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${Object.keys(lock.packages).length} packages locked, ${added} of other platforms added`)
