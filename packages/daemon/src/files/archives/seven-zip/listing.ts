import type { ListedMember } from './messages.ts'

const BATCH = 500

/**
 * Takes the technical listing of 7-Zip apart, line by line: facts as `Name = value`, members divided by empty lines. Letters that
 * would end a line are `_` in it.
 */
export class Listing {
  /** The archive is a part of one that is spread over several files. */
  isOneOfSeveral = false
  readonly #onMembers: (members: readonly ListedMember[]) => void
  #isBehindHead = false
  #facts = new Map<string, string>()
  #members: ListedMember[] = []

  constructor(onMembers: (members: readonly ListedMember[]) => void) {
    this.#onMembers = onMembers
  }

  take(line: string): void {
    if (line === '----------') {
      this.#isBehindHead = true
      this.#facts.clear()
      return
    }
    const at = line.indexOf(' = ')
    if (line === '') this.#finish()
    else if (!this.#isBehindHead) this.isOneOfSeveral ||= line === 'Multivolume = +'
    else if (at > 0) this.#facts.set(line.slice(0, at), line.slice(at + 3))
    // Without a value nothing stands behind the sign.
    else if (line.endsWith(' =')) this.#facts.set(line.slice(0, -2), '')
  }

  end(): void {
    this.#finish()
    if (this.#members.length > 0) this.#onMembers(this.#members)
    this.#members = []
  }

  #finish(): void {
    const path = this.#facts.get('Path')
    if (path !== undefined) this.#members.push(memberOf(path, this.#facts))
    this.#facts = new Map()
    if (this.#members.length < BATCH) return
    this.#onMembers(this.#members)
    this.#members = []
  }
}

function memberOf(path: string, facts: ReadonlyMap<string, string>): ListedMember {
  // Windows' own marks, and behind them what `ls` would say.
  const [marks = '', unix = ''] = (facts.get('Attributes') ?? '').split(' ')
  const letter = unix[0] ?? (marks.startsWith('D') ? 'd' : '-')
  const types = { d: 'directory', l: 'symlink', '-': 'file' } as const
  const type = facts.get('Folder') === '+' ? 'directory' : (types[letter as keyof typeof types] ?? 'other')
  return {
    path,
    type,
    sizeBytes: numberOf(facts.get('Size')),
    packedBytes: numberOf(facts.get('Packed Size')),
    mode: modeOf(unix),
    modifiedAt: timeOf(facts.get('Modified')),
    isEncrypted: facts.get('Encrypted') === '+',
  }
}

function numberOf(text = ''): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

function modeOf(unix: string): number | null {
  if (!/^.[r-][w-].[r-][w-].[r-][w-].$/.test(unix)) return null
  return [...unix.slice(1)].reduce((mode, letter) => mode * 2 + (/[rwxst]/.test(letter) ? 1 : 0), 0)
}

/** The thread's clock is that of UTC. */
function timeOf(text = ''): number | null {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?/.exec(text)
  if (!match) return null
  const at = Date.parse(`${match[1]}T${match[2]}${match[3] ?? ''}Z`)
  return Number.isFinite(at) && at >= 0 ? at : null
}
