import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { answer } from '../http/reply.ts'
import { serverOf } from '../servers/read-server.ts'
import { changeModes, createFile, deleteFiles, moveFiles, writeFile } from './change-files.ts'
import { openDirectDownload, openDirectLive, openDirectUpload } from './direct.ts'
import {
  forgetFileHistory,
  listFileHistory,
  listLostFiles,
  readFileRevision,
  restoreFileRevision,
} from './file-history.ts'
import { copyFile, packFiles, unpackFile } from './file-jobs.ts'
import { copyFilesToServer } from './copy-to-server.ts'
import { downloadFiles, prepareDownload, takeDownload } from './download-files.ts'
import { pullFile } from './pull-file.ts'
import { previewRename, renameFiles } from './rename-files.ts'
import { pathOf } from './reach-files.ts'
import { listArchive, readArchiveMember, readDecompressedFile } from './read-archives.ts'
import { describeFile, listFiles, readChecksum, readDiskUse, readFile, searchFiles } from './read-files.ts'
import { emptyTrash, listTrash, restoreTrash } from './trash.ts'
import { appendUpload, beginUpload, cancelUpload, finishUpload, readUpload } from './uploads.ts'

export function filesRoutes(routes: Routes): void {
  implement(routes, api.listFiles, (ctx, { query }, signal) => listFiles(ctx, serverOf(ctx), query, signal))
  implement(routes, api.getFile, (ctx, { query }, signal) => describeFile(ctx, serverOf(ctx), pathOf(query), signal))
  implement(routes, api.readFile, (ctx, { query, ifMatch }, signal) =>
    readFile(ctx, serverOf(ctx), pathOf(query), ifMatch, signal),
  )
  implement(routes, api.listArchive, (ctx, { query }, signal) => listArchive(ctx, serverOf(ctx), query, signal))
  implement(routes, api.readArchiveMember, (ctx, { query, ifMatch }, signal) =>
    readArchiveMember(ctx, serverOf(ctx), query, ifMatch, signal),
  )
  implement(routes, api.readDecompressedFile, (ctx, { query, ifMatch }, signal) =>
    readDecompressedFile(ctx, serverOf(ctx), query, ifMatch, signal),
  )
  implement(routes, api.readChecksum, (ctx, { query }, signal) => readChecksum(ctx, serverOf(ctx), query, signal))
  implement(routes, api.searchFiles, (ctx, { body }, signal) => searchFiles(ctx, serverOf(ctx), body, signal))
  implement(routes, api.readDiskUse, (ctx, { query }, signal) => readDiskUse(ctx, serverOf(ctx), pathOf(query), signal))

  implement(routes, api.writeFile, (ctx, { query, ifMatch, body }, signal) =>
    writeFile(ctx, serverOf(ctx), pathOf(query), ifMatch, body, signal),
  )
  implement(routes, api.createFile, async (ctx, { body }) => answer(201, await createFile(ctx, serverOf(ctx), body)))
  implement(routes, api.moveFiles, (ctx, { body }) => moveFiles(ctx, serverOf(ctx), body))
  implement(routes, api.copyFile, (ctx, { body }) => copyFile(ctx, serverOf(ctx), body))
  implement(routes, api.packFiles, (ctx, { body }) => packFiles(ctx, serverOf(ctx), body))
  implement(routes, api.unpackFile, (ctx, { body }) => unpackFile(ctx, serverOf(ctx), body))
  implement(routes, api.deleteFiles, (ctx, { body }) => deleteFiles(ctx, serverOf(ctx), body))
  implement(routes, api.changeFileModes, (ctx, { body }) => changeModes(ctx, serverOf(ctx), body))

  implement(routes, api.pullFile, (ctx, { body }) => pullFile(ctx, serverOf(ctx), body))
  implement(routes, api.copyFilesToServer, (ctx, { body }) => copyFilesToServer(ctx, serverOf(ctx), body))
  implement(routes, api.previewRename, (ctx, { body }, signal) => previewRename(ctx, serverOf(ctx), body, signal))
  implement(routes, api.renameFiles, (ctx, { body }) => renameFiles(ctx, serverOf(ctx), body))
  implement(routes, api.downloadFiles, (ctx, { query }, signal) =>
    downloadFiles(ctx, serverOf(ctx), pathOf(query), query.format, signal),
  )
  implement(routes, api.prepareDownload, async (ctx, { body }) =>
    answer(201, await prepareDownload(ctx, serverOf(ctx), body)),
  )
  implement(routes, api.takeDownload, (ctx, { params }, signal) =>
    takeDownload(ctx, serverOf(ctx), params.download, signal),
  )

  implement(routes, api.beginUpload, async (ctx, { body }) => answer(201, await beginUpload(ctx, serverOf(ctx), body)))
  implement(routes, api.getUpload, (ctx, { params }) => readUpload(ctx, serverOf(ctx), params.upload))
  implement(routes, api.appendUpload, (ctx, { params, query, body }, signal) =>
    appendUpload(ctx, serverOf(ctx), { upload: params.upload, offset: query.offset ?? 0, body }, signal),
  )
  implement(routes, api.finishUpload, (ctx, { params }) => finishUpload(ctx, serverOf(ctx), params.upload))
  implement(routes, api.cancelUpload, (ctx, { params }) => cancelUpload(ctx, serverOf(ctx), params.upload))

  implement(routes, api.openDirectDownload, (ctx, { body }) => openDirectDownload(ctx, serverOf(ctx), body.path))
  implement(routes, api.openDirectLive, (ctx) => openDirectLive(ctx, serverOf(ctx)))
  implement(routes, api.openDirectUpload, (ctx, { params }) => openDirectUpload(ctx, serverOf(ctx), params.upload))

  implement(routes, api.listFileHistory, (ctx, { query }, signal) =>
    listFileHistory(ctx, serverOf(ctx), pathOf(query), signal),
  )
  implement(routes, api.listLostFiles, (ctx, _call, signal) => listLostFiles(ctx, serverOf(ctx), signal))
  implement(routes, api.readFileRevision, (ctx, { query }, signal) =>
    readFileRevision(ctx, serverOf(ctx), query.revision, signal),
  )
  implement(routes, api.restoreFileRevision, (ctx, { body, ifMatch }) =>
    restoreFileRevision(ctx, serverOf(ctx), body.revision, ifMatch),
  )
  implement(routes, api.forgetFileHistory, (ctx, { query }) => forgetFileHistory(ctx, serverOf(ctx), query))

  implement(routes, api.listTrash, (ctx) => listTrash(ctx, serverOf(ctx)))
  implement(routes, api.restoreTrash, (ctx, { body }) => restoreTrash(ctx, serverOf(ctx), body))
  implement(routes, api.emptyTrash, (ctx, { body }) => emptyTrash(ctx, serverOf(ctx), body))
}
