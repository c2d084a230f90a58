import { shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useServer } from '../../server/server-context.ts'
import { downloadFile, downloadMember } from '../actions/download-file.ts'
import { pathFromQuery } from '../file-path.ts'
import { useFileRoutes } from '../useFileRoutes.ts'

type Query = { readonly [key: string]: unknown }
const memberOf = (query: Query): string | undefined =>
  typeof query['member'] === 'string' ? query['member'] : undefined

/** Which file the address names: one of the server, or one inside an archive. It stays while another page is being gone to. */
export function useOpenedPath() {
  const route = useRoute()
  const router = useRouter()
  const server = useServer()
  const to = useFileRoutes()
  const path = shallowRef(pathFromQuery(route.query))
  const member = shallowRef(memberOf(route.query))
  watch(
    () => route.query,
    (query) => {
      if (route.name !== 'server-file') return
      path.value = pathFromQuery(query)
      member.value = memberOf(query)
    },
  )
  return {
    path,
    member,
    /** To a directory on the way to the file. */
    go: (at: string): void =>
      void router.push(member.value === undefined ? to.list(at) : to.view('browse', path.value, at)),
    download(): void {
      if (member.value === undefined) void downloadFile(server.value.id, path.value)
      else downloadMember(server.value.id, path.value, member.value)
    },
  }
}
