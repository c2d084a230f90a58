import type { FileEntry } from '@hatchery/core/sdk'
import type { RouteLocationRaw } from 'vue-router'
import { mayOnServer } from '../server/permissions.ts'
import { useServer } from '../server/server-context.ts'
import { joinPath, pathToQuery } from './file-path.ts'

/** Where the pages of a server's files are. */
export function useFileRoutes() {
  const server = useServer()
  const page = (name: string, path: string): RouteLocationRaw => ({
    name,
    params: { server: server.value.shortId },
    query: path === '' ? {} : pathToQuery(path),
  })
  const list = (path: string): RouteLocationRaw => page('server-files', path)
  return {
    list,
    /** Another view of a path: what takes the room of a directory, or what is in an archive. */
    view: (view: 'usage' | 'browse', path: string, inside = ''): RouteLocationRaw => ({
      name: 'server-files',
      params: { server: server.value.shortId },
      query: { ...(path === '' ? {} : pathToQuery(path)), view, ...(inside === '' ? {} : { inside }) },
    }),
    /** A file inside an archive. */
    member: (path: string, member: string): RouteLocationRaw => ({
      name: 'server-file',
      params: { server: server.value.shortId },
      query: { ...pathToQuery(path), member },
    }),
    trash: (): RouteLocationRaw => page('server-trash', ''),
    lost: (): RouteLocationRaw => page('server-lost-files', ''),
    /** Where an entry of a directory is opened; nowhere for what cannot be. */
    entry(directory: string, { name, type }: Pick<FileEntry, 'name' | 'type'>): RouteLocationRaw | undefined {
      const path = joinPath(directory, name)
      if (type === 'directory') return list(path)
      return type === 'file' && mayOnServer(server.value, 'file.read-content') ? page('server-file', path) : undefined
    },
  }
}
