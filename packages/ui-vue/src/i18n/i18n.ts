import { createI18n } from 'vue-i18n'

export const LANGUAGES = [
  { code: 'en', name: 'English' },
  { code: 'de', name: 'Deutsch' },
] as const
export type Language = (typeof LANGUAGES)[number]['code']
/** Message files are split by page group; a page names the groups it needs in its route. */
export type MessageGroup =
  | 'shell'
  | 'errors'
  | 'signIn'
  | 'servers'
  | 'server'
  | 'files'
  | 'fileTools'
  | 'fileHistory'
  | 'serverProperties'
  | 'account'
  | 'ssh'
  | 'admin'
  | 'eggs'
  | 'metrics'
  | 'permissions'
  | 'keyPermissions'

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur'])
const STORAGE_KEY = 'hatchery:language'
const files = import.meta.glob<Record<string, unknown>>('./{en,de}/*.json', { import: 'default' })
const wanted = new Set<MessageGroup>()
const loaded = new Set<string>()

export const i18n = createI18n({
  legacy: false,
  locale: initialLanguage(),
  fallbackLocale: 'en',
  missingWarn: false,
  fallbackWarn: false,
  messages: { en: {}, de: {} },
})

/** Loads message groups in the current language, each once. */
export async function loadMessages(groups: readonly MessageGroup[]): Promise<void> {
  for (const group of groups) wanted.add(group)
  await loadFor(currentLanguage(), groups)
}

export function currentLanguage(): Language {
  return asLanguage(i18n.global.locale.value) ?? 'en'
}

/** Switches the language once every group in use is there, and remembers it on this device. */
export async function setLanguage(language: Language): Promise<void> {
  await loadFor(language, [...wanted])
  i18n.global.locale.value = language
  applyLanguage(language)
  try {
    localStorage.setItem(STORAGE_KEY, language)
  } catch (error) {
    console.warn('The language could not be remembered.', error)
  }
}

export function applyLanguage(language: string): void {
  document.documentElement.lang = language
  document.documentElement.dir = RIGHT_TO_LEFT.has(language) ? 'rtl' : 'ltr'
}

export function asLanguage(code: string | null | undefined): Language | undefined {
  const short = code?.slice(0, 2).toLowerCase()
  return LANGUAGES.find((language) => language.code === short)?.code
}

async function loadFor(language: Language, groups: readonly MessageGroup[]): Promise<void> {
  await Promise.all(
    groups.map(async (group) => {
      const key = `${language}/${group}`
      if (loaded.has(key)) return
      const load = files[`./${key}.json`]
      if (!load) throw new Error(`There is no message file ${key}.`)
      const messages = await load()
      // A group brings the sentences of errors that only its pages meet.
      i18n.global.mergeLocaleMessage(language, { errors: messages['errors'] ?? {}, [group]: messages })
      loaded.add(key)
    }),
  )
}

function initialLanguage(): Language {
  if (typeof localStorage === 'undefined') return 'en'
  try {
    const stored = asLanguage(localStorage.getItem(STORAGE_KEY))
    if (stored) return stored
  } catch (error) {
    console.warn('The remembered language could not be read.', error)
  }
  return navigator.languages.map(asLanguage).find(Boolean) ?? 'en'
}
