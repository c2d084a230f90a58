/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A label a person picks by, and what stands behind it. Order is the egg's: the first one is the default. */
export interface Labelled {
  readonly label: string
  readonly value: string
}

/** A key that this library does not know, kept as JSON text so that order, big numbers and odd names survive. */
export interface UnknownKey {
  readonly key: string
  readonly json: string
}

/** One replacement in a configuration file. */
export interface EggReplacement {
  readonly match: string
  /** Only where the present value is this text, or matches `regex:` and a pattern; null is always. */
  readonly ifValue: string | null
  /** Scalar types matter: the daemons write `"true"` and `true` differently. */
  readonly value: Json
  /** Calagopus: append where nothing matched. */
  readonly insertNew?: boolean
  /** Calagopus: change what is there. */
  readonly updateExisting?: boolean
}

export interface EggConfigFile {
  readonly path: string
  /** As written: `yml` stays `yml`. */
  readonly parser: string
  readonly createFile: boolean
  readonly replace: readonly EggReplacement[]
  readonly unknown: readonly UnknownKey[]
}

export interface EggConfig {
  readonly files: readonly EggConfigFile[]
  /** Substrings of a console line, or `regex:` and a pattern; any of them says that the server is ready. */
  readonly done: readonly string[]
  readonly stripAnsi: boolean
  /** As written: `^C`, `stop`, … What it means is `stopMethodOf`. */
  readonly stop: string
  /** Calagopus states the kind of stop by name; null where it follows from `stop`. */
  readonly stopType: 'command' | 'signal' | 'runtime' | null
  /** Unread by every panel; JSON text, kept for the way back. */
  readonly logs: string | null
  /** Keys of `config.startup` beside `done` and `strip_ansi`. */
  readonly startupUnknown: readonly UnknownKey[]
  readonly unknown: readonly UnknownKey[]
  /** The text of a part that the file held as JSON inside a string. */
  readonly source: { readonly files?: string; readonly startup?: string; readonly logs?: string }
}

/**
 * How the file wrote what can be written in several ways. Only `exportEgg` reads it, so that an egg can be written as it
 * was; an egg means the same without it.
 */
export interface EggOrigin {
  readonly format: EggFormat
  readonly encoding: 'json' | 'yaml'
  readonly endsWithNewline?: boolean
  /** Of JSON: whether `/` stands as `\/`, and what is not ASCII as `\uXXXX`. */
  readonly escapesSlashes?: boolean
  readonly escapesUnicode?: boolean
  /** Of JSON, as Go writes it: whether `<`, `>` and `&` stand as `\uXXXX`. */
  readonly escapesHtml?: boolean
  /** PLCN_v3 called the icon so at first. */
  readonly iconKey?: 'image'
  /** The keys of the map at a JSON pointer into the file, where they are not those of the format in its order. */
  readonly keys?: readonly { readonly pointer: string; readonly keys: readonly string[] }[]
  /** JSON text at a JSON pointer into the file, used as long as `for` would stand there. */
  readonly spelled?: readonly { readonly pointer: string; readonly json: string; readonly for: string }[]
}

export interface EggInstall {
  /** Line ends as in the file; strip `\r` only when it runs. */
  readonly script: string
  readonly container: string
  readonly entrypoint: string
}

export interface EggVariable {
  readonly name: string
  readonly description: string
  readonly envVariable: string
  readonly defaultValue: string
  readonly userViewable: boolean
  readonly userEditable: boolean
  /** Laravel rules, one token each, as written. */
  readonly rules: readonly string[]
  readonly sort: number | null
  readonly secret?: boolean
  /** Language to text. */
  readonly nameTranslations?: readonly Labelled[]
  readonly descriptionTranslations?: readonly Labelled[]
  readonly unknown: readonly UnknownKey[]
}

/** What every format is read into and written from. JSON-serialisable: `JSON.parse(JSON.stringify(egg))` is the same egg. */
export interface Egg {
  readonly name: string
  readonly author: string
  readonly description: string
  readonly uuid: string | null
  readonly updateUrl: string | null
  readonly exportedAt: string | null
  readonly comment: string | null
  /** A `data:` address. */
  readonly icon: string | null
  readonly tags: readonly string[]
  readonly features: readonly string[]
  readonly images: readonly Labelled[]
  readonly startupCommands: readonly Labelled[]
  /** Patterns as in `.gitignore` that the file manager refuses to touch. */
  readonly fileDenylist: readonly string[]
  readonly config: EggConfig
  readonly install: EggInstall | null
  readonly variables: readonly EggVariable[]
  readonly forceOutgoingIp?: boolean
  readonly separatePort?: boolean
  readonly unknown: readonly UnknownKey[]
  /** Of `meta`, `scripts` and `scripts.installation` in the files of the panels; absent without any. */
  readonly metaUnknown?: readonly UnknownKey[]
  readonly scriptsUnknown?: readonly UnknownKey[]
  readonly installUnknown?: readonly UnknownKey[]
  readonly origin?: EggOrigin
}

export type EggFormat = 'PTDL_v1' | 'PTDL_v2' | 'PLCN_v1' | 'PLCN_v2' | 'PLCN_v3' | 'calagopus' | 'hatchery'

export type EggDiagnosticSeverity = 'error' | 'warning' | 'info'

export interface EggDiagnostic {
  readonly code: EggDiagnosticCode
  readonly severity: EggDiagnosticSeverity
  /** JSON pointer into the file; empty for the whole of it. */
  readonly pointer: string
  /** One sentence that says what to do. */
  readonly message: string
}

export type EggDiagnosticCode =
  | 'EGG_TOO_LARGE'
  | 'EGG_TOO_DEEP'
  | 'EGG_NOT_TEXT'
  | 'EGG_SYNTAX'
  | 'EGG_NOT_A_MAP'
  | 'EGG_FORMAT_UNKNOWN'
  | 'EGG_KEY_MISSING'
  | 'EGG_KEY_TYPE'
  | 'EGG_KEY_DUPLICATE'
  | 'EGG_CONFIG_SYNTAX'
  | 'EGG_CONFIG_FILE_SKIPPED'
  | 'EGG_PARSER_UNKNOWN'
  | 'EGG_NO_IMAGE'
  | 'EGG_NO_STARTUP'
  | 'EGG_NO_DONE'
  | 'EGG_VARIABLE_DUPLICATE'
  | 'EGG_VARIABLE_RESERVED'
  | 'EGG_VARIABLE_NAME'
  | 'EGG_RULE_UNKNOWN'
  | 'EGG_RULE_BROKEN'
  | 'EGG_DEFAULT_INVALID'
  | 'EGG_IMAGE_NAME'
  | 'EGG_STOP_KILLS'
  | 'EGG_IMAGE_TAG'
  | 'EGG_LABEL_DUPLICATE'
  | 'EGG_VARIABLE_MISSING'
  | 'EGG_VARIABLE_HIDDEN'
  | 'EGG_PLACEHOLDER_BROKEN'
  | 'EGG_DONE_UNREACHABLE'
  | 'EGG_NO_STOP'
  | 'EGG_CONFIG_PATH'
  | 'EGG_MATCH'
  | 'EGG_MATCH_PREFIX'
  | 'EGG_NO_INSTALL'
  | 'EGG_INSTALL_CONTAINER'
  | 'EGG_INSTALL_ENTRYPOINT'
  | 'EGG_SCRIPT_LINE_ENDS'
  | 'EGG_SCRIPT_SHEBANG'
  | 'EGG_SCRIPT_PIPE'
  | 'EGG_SCRIPT_HTTP'
  | 'EGG_RULE_EMPTY'
  | 'EGG_SECRET'
  | 'EGG_SECRET_DEFAULT'
  | 'EGG_FEATURE_UNKNOWN'
  | 'EGG_DENYLIST'
  | 'EGG_UPDATE_URL'
