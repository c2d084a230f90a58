// Rules that no linter knows, each with the place that may break it. A hit is printed as file:line.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

interface Convention {
  readonly name: string
  readonly files: RegExp
  readonly except?: RegExp
  readonly forbidden: RegExp
}

/** Tests and what only tests use. */
const TEST = /\.test\.ts$|\.test-data\.ts$|\/test-engine\.ts$|\/testing\/|\/test\//

const CONVENTIONS: readonly Convention[] = [
  {
    name: 'routes of the panel come from contracts: use implement()',
    files: /^packages\/panel\/src\//,
    // The API's own documentation, the web app and what a foreign daemon calls are no operations.
    except:
      /^packages\/panel\/src\/(http|web)\/|\/docs-routes\.ts$|^packages\/panel\/src\/wings\/remote\/routes\.ts$|\.test\.ts$|\/testing\//,
    forbidden: /\b(app|fastify|instance|scope)\.(get|post|put|patch|delete|route|all)\(/,
  },
  {
    name: 'no literal inlining in SQL (Kysely advisories)',
    files: /^(packages\/panel|migrations)\/src\//,
    // Constants of ours and integers that the database gave out.
    except: /\.test\.ts$|\/testing\/|^migrations\/src\/migrate\.ts$|\/(sequencer|open-store)\.ts$/,
    forbidden: /\bsql\.(lit|raw)\b/,
  },
  {
    name: "only FileTree and Volumes touch a server's tree (RULES 17)",
    files: /^packages\/daemon\/src\//,
    except: /\.test\.ts$|^packages\/daemon\/src\/(files|volumes|runtimes|state)\//,
    forbidden: /\b(cp|cpSync)\(|\b(readdir|readdirSync)\([^)]*recursive/,
  },
  {
    name: 'the environment and the clock are read in main.ts only',
    files: /^packages\/(core|panel|daemon)\/src\//,
    // The process runtime hands its children the machine's own PATH and locale.
    except:
      /\.test\.ts$|\.test-data\.ts$|\/test-engine\.ts$|main\.ts$|\/testing\/|\/cli\/|\/conformance\/|\/process-runtime\.ts$/,
    forbidden: /\bprocess\.env\b/,
  },
  {
    name: 'what a person names is fetched through ctx.outbound',
    files: /^packages\/panel\/src\//,
    // Own nodes, other instances and this machine's engine are reached otherwise; the last one runs in a browser.
    except: /\.test\.ts$|test-[\w-]+\.ts$|\/(outbound|wings|instances|cli)\/|\/docs-page\.ts$/,
    forbidden: /(?<![.\w])fetch\(|from '(undici|node:https|node:http2)'/,
  },
  {
    name: 'no silent catch',
    files: /^(packages|migrations|scripts)\/.*\.(ts|vue)$/,
    forbidden: /catch( \([a-z_]+\))? \{ *\}/,
  },
  {
    name: 'no `as any`, no @ts-ignore',
    files: /^packages\/.*\.(ts|vue)$/,
    forbidden: /\bas any\b|@ts-ignore|@ts-nocheck/,
  },
  { name: 'nothing left open', files: /^packages\/.*\.(ts|vue)$/, forbidden: /\bTODO\b|\bFIXME\b/ },
  { name: 'no eval of text', files: /^packages\/.*\.(ts|vue)$/, except: TEST, forbidden: /\bnew Function\(|\beval\(/ },
]

const root = path.resolve(import.meta.dirname, '..')
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split(
  '\n',
)
let hits = 0
for (const file of files) {
  const rules = CONVENTIONS.filter((rule) => rule.files.test(file) && !rule.except?.test(file))
  if (rules.length === 0) continue
  readFileSync(path.join(root, file), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) return
      for (const rule of rules) {
        if (!rule.forbidden.test(line)) continue
        hits += 1
        console.log(`${file}:${index + 1}: ${rule.name}\n    ${line.trim()}`)
      }
    })
}
for (const file of files.filter((name) => /(^|\/)(utils|helpers|common|misc)\//.test(name))) {
  hits += 1
  console.log(`${file}: a folder is named after what it holds`)
}
console.log(
  hits === 0 ? `${CONVENTIONS.length} conventions hold in ${files.length} files` : `${hits} places break a convention`,
)
process.exitCode = hits === 0 ? 0 : 1
