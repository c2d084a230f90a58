import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { OctagonX, Play, Plus, RotateCw, Server, Square } from '@lucide/vue'
import { computed, type Component, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { usePanel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'
import { useDebounced } from '../design/useDebounced.ts'
import { usePaletteFiles } from '../files/palette/usePaletteFiles.ts'
import { loadMessages } from '../i18n/i18n.ts'
import { powerActions } from '../server/permissions.ts'
import { usePower } from '../server/usePower.ts'
import { useSession } from '../session/useSession.ts'
import { ADMIN_NAVIGATION, MAIN_NAVIGATION } from '../shell/navigation.ts'

export interface PaletteEntry {
  readonly id: string
  readonly group: 'files' | 'servers' | 'actions' | 'pages'
  readonly label: string
  readonly note?: string
  readonly icon: Component
  readonly run: () => void
}

const POWER_ICONS = { start: Play, stop: Square, restart: RotateCw, kill: OctagonX }
const MOST_SERVERS = 6

/** What can be reached by typing: every word of the search has to be in the label. */
export function usePaletteEntries(search: Readonly<Ref<string>>) {
  const { t } = useI18n()
  const router = useRouter()
  const { client } = usePanel()
  const { may } = useSession()
  const { power } = usePower()
  const serverFiles = usePaletteFiles(search)
  const term = useDebounced(() => search.value.trim(), 120)
  void loadMessages(['servers'])

  const { data } = useQuery({
    queryKey: computed(() => queryKeys.serverList({ palette: serverWords(term.value) })),
    queryFn: ({ signal }) => {
      const words = serverWords(term.value)
      return client.listServers({
        query: {
          limit: MOST_SERVERS,
          scope: may('servers.read') ? 'all' : 'mine',
          ...(words ? { search: words } : {}),
        },
        signal,
      })
    },
    placeholderData: keepPreviousData,
  })

  /** "restart survival" looks for servers named survival. */
  function serverWords(words: string): string {
    const actions = new Set(
      (['start', 'stop', 'restart', 'kill'] as const).flatMap((name) => [
        name,
        t(`servers.power.${name}`).toLowerCase(),
      ]),
    )
    return words
      .split(/\s+/)
      .filter((word) => !actions.has(word.toLowerCase()))
      .join(' ')
  }

  const all = computed<readonly PaletteEntry[]>(() => {
    const servers = data.value?.data ?? []
    return [
      ...servers.map((server) => ({
        id: `server:${server.id}`,
        group: 'servers' as const,
        label: server.name,
        note: t(`servers.state.${server.state}`),
        icon: Server,
        run: () => void router.push({ name: 'console', params: { server: server.shortId } }),
      })),
      ...servers.flatMap((server) =>
        powerActions(server).map((action) => ({
          id: `power:${action}:${server.id}`,
          group: 'actions' as const,
          label: t('shell.palette.power', { action: t(`servers.power.${action}`), server: server.name }),
          icon: POWER_ICONS[action],
          run: () => void power(server, action),
        })),
      ),
      ...serverFiles.actions.value,
      ...(may('servers.create')
        ? [
            {
              id: 'create',
              group: 'actions' as const,
              label: t('shell.palette.createServer'),
              icon: Plus,
              run: () => void router.push({ name: 'create-server' }),
            },
          ]
        : []),
      ...[...MAIN_NAVIGATION, ...ADMIN_NAVIGATION]
        .filter((item) => !item.permission || may(item.permission))
        .map((item) => ({
          id: `page:${item.route}`,
          group: 'pages' as const,
          label: t(`shell.nav.${item.label}`),
          icon: item.icon,
          run: () => void router.push({ name: item.route }),
        })),
    ]
  })
  const entries = computed(() => {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const fitting = all.value.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    return [...serverFiles.files.value, ...fitting]
  })
  return { entries, filesTitle: serverFiles.title }
}
