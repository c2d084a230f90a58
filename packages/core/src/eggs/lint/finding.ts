import type { EggDiagnostic, EggDiagnosticCode, EggDiagnosticSeverity, Json } from '../model.ts'

/** An operation of JSON Patch (RFC 6902) on Hatchery's own form of the egg. */
export type EggEdit =
  | { readonly op: 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string }

/** What will not work (`error`), is risky (`warning`), or could be better (`info`). Pointers are into Hatchery's own form. */
export interface EggFinding extends EggDiagnostic {
  /** What to do; `message` ends with the same words. */
  readonly fix: string
  /** What to do, where a machine can; `fixEgg` does it. */
  readonly edit?: EggEdit
}

/** A hostile egg could cause one for each of its values; a person reads the first few of a kind. */
const MAX_OF_A_KIND = 100

export class FindingList {
  readonly findings: EggFinding[] = []
  readonly #counts = new Map<EggDiagnosticCode, number>()

  note(
    severity: EggDiagnosticSeverity,
    code: EggDiagnosticCode,
    pointer: string,
    problem: string,
    fix: string,
    edit?: EggEdit,
  ): void {
    const count = (this.#counts.get(code) ?? 0) + 1
    this.#counts.set(code, count)
    if (count > MAX_OF_A_KIND) return
    this.findings.push({ code, severity, pointer, message: `${problem} ${fix}`, fix, ...(edit && { edit }) })
  }
}
