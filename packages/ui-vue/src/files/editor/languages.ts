import type { StreamParser } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { extensionOf } from '../file-path.ts'

type Load = () => Promise<Extension>

async function stream(load: () => Promise<StreamParser<unknown>>): Promise<Extension> {
  const [{ StreamLanguage }, parser] = await Promise.all([import('@codemirror/language'), load()])
  return StreamLanguage.define(parser)
}

const json: Load = async () => (await import('@codemirror/lang-json')).json()
const yaml: Load = async () => (await import('@codemirror/lang-yaml')).yaml()
const xml: Load = async () => (await import('@codemirror/lang-xml')).xml()
const script =
  (typescript: boolean): Load =>
  async () =>
    (await import('@codemirror/lang-javascript')).javascript({ typescript })
const properties: Load = () => stream(async () => (await import('@codemirror/legacy-modes/mode/properties')).properties)
const toml: Load = () => stream(async () => (await import('@codemirror/legacy-modes/mode/toml')).toml)
const shell: Load = () => stream(async () => (await import('@codemirror/legacy-modes/mode/shell')).shell)
const lua: Load = () => stream(async () => (await import('@codemirror/legacy-modes/mode/lua')).lua)

const LANGUAGES: Readonly<Record<string, Load>> = {
  json,
  json5: json,
  mcmeta: json,
  yml: yaml,
  yaml,
  xml,
  html: xml,
  js: script(false),
  mjs: script(false),
  cjs: script(false),
  ts: script(true),
  properties,
  ini: properties,
  cfg: properties,
  conf: properties,
  env: properties,
  toml,
  sh: shell,
  bash: shell,
  lua,
}

/** The colours for a file, loaded when it is opened; none for what is plain text. */
export async function languageOf(name: string): Promise<Extension> {
  return (await LANGUAGES[extensionOf(name)]?.()) ?? []
}
