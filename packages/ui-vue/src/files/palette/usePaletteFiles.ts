import { useQuery } from '@tanstack/vue-query'
import { ChartPie, FilePlus, FolderOpen, FolderPlus, Globe, Trash2, Upload } from '@lucide/vue'
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useDebounced } from '../../design/useDebounced.ts'
import { loadMessages } from '../../i18n/i18n.ts'
import type { PaletteEntry } from '../../palette/usePaletteEntries.ts'
import { mayOnServer } from '../../server/permissions.ts'
import type { RequestedAction } from '../actions/useRequestedAction.ts'
import { iconOf } from '../file-kind.ts'
import { directoryOf, nameOf, pathToQuery, shownName } from '../file-path.ts'

const MOST_FILES = 8
/** Shorter words fit too much to search a whole tree for. */
const LEAST_LETTERS = 2

/**
 * What the palette offers for the files of the server whose pages are open: files by their name, folders by their path, and
 * what can be made. Elsewhere nothing.
 */
export function usePaletteFiles(search: Readonly<Ref<string>>) {
  const { t } = useI18n()
  const { client } = usePanel()
  const route = useRoute()
  const router = useRouter()
  const term = useDebounced(() => search.value.trim(), 200)
  void loadMessages(['fileTools'])

  const ref = computed(() => (typeof route.params['server'] === 'string' ? route.params['server'] : ''))
  const { data: server } = useQuery({
    queryKey: computed(() => queryKeys.server(ref.value)),
    queryFn: ({ signal }) => client.getServer({ params: { server: ref.value }, signal }),
    enabled: () => ref.value !== '',
  })
  const may = (permission: string): boolean => ref.value !== '' && mayOnServer(server.value, permission)
  const words = computed(() => (/^[^/\s]+$/.test(term.value) ? term.value : ''))
  const { data: found } = useQuery({
    queryKey: computed(() => [...queryKeys.files(server.value?.id ?? ''), 'palette', words.value]),
    queryFn: ({ signal }) =>
      client.searchFiles({
        params: { server: server.value?.id ?? '' },
        body: { path: '', names: [words.value], limit: MOST_FILES },
        signal,
      }),
    enabled: () => may('file.read') && words.value.length >= LEAST_LETTERS,
    staleTime: 10_000,
  })

  const open = (name: string, query: Record<string, string>) => (): void =>
    void router.push({ name, params: { server: server.value?.shortId ?? ref.value }, query })
  /** The directory that is open; new things come there. */
  const here = (): Record<string, string> => {
    const { path, pathBytes, view } = route.query
    if (route.name !== 'server-files' || view !== undefined) return {}
    return { ...(typeof path === 'string' ? { path } : {}), ...(typeof pathBytes === 'string' ? { pathBytes } : {}) }
  }
  const ask = (action: RequestedAction) => () => open('server-files', { ...here(), do: action })()

  /** They fit what was searched for already, whatever their label says. */
  const files = computed<readonly PaletteEntry[]>(() => {
    if (!may('file.read')) return []
    const at = term.value.startsWith('/') ? term.value.replaceAll(/^\/+|\/+$/g, '') : undefined
    if (at !== undefined) {
      const label = t('fileTools.palette.go', { server: server.value?.name ?? '', path: `/${at}` })
      const run = open('server-files', at === '' ? {} : { path: at })
      return [{ id: 'files:go', group: 'files', label, icon: FolderOpen, run }]
    }
    if (words.value.length < LEAST_LETTERS) return []
    return (found.value?.matches ?? []).map(({ path, type }) => {
      const isFile = type === 'file' && may('file.read-content')
      const to = isFile ? path : type === 'directory' ? path : directoryOf(path)
      return {
        id: `file:${path}`,
        group: 'files',
        label: shownName(nameOf(path)),
        note: `/${shownName(directoryOf(path))}`,
        icon: iconOf({ name: nameOf(path), type }),
        run: open(isFile ? 'server-file' : 'server-files', to === '' ? {} : { ...pathToQuery(to) }),
      }
    })
  })

  const actions = computed<readonly PaletteEntry[]>(() => {
    const name = server.value?.name ?? ''
    const rows = [
      ['newFile', FilePlus, 'file.create', ask('file')],
      ['newFolder', FolderPlus, 'file.create', ask('directory')],
      ['upload', Upload, 'file.create', ask('upload')],
      ['pull', Globe, 'file.create', ask('pull')],
      ['usage', ChartPie, 'file.read', open('server-files', { view: 'usage' })],
      ['trash', Trash2, 'file.read', open('server-trash', {})],
    ] as const
    return rows
      .filter(([, , permission]) => may(permission))
      .map(([word, icon, , run]) => ({
        id: `files:${word}`,
        group: 'actions',
        label: t(`fileTools.palette.${word}`, { server: name }),
        icon,
        run,
      }))
  })
  return { files, actions, title: computed(() => t('fileTools.palette.title', { server: server.value?.name ?? '' })) }
}
