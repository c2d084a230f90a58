export interface PickedFile {
  /** Below the directory it is dropped into. */
  readonly path: string
  readonly file: File
}

/** Files of a picker; those of a picked folder keep their place in it. */
export function pickedFiles(files: Iterable<File>): readonly PickedFile[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))
}

/** Files and whole folders that were dropped. Has to be called while the event is handled: later it is empty. */
export function droppedFiles(transfer: DataTransfer): Promise<readonly PickedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  if (entries.length === 0) return Promise.resolve(pickedFiles(transfer.files))
  return Promise.all(entries.map((entry) => filesOf(entry))).then((all) => all.flat())
}

async function filesOf(entry: FileSystemEntry): Promise<readonly PickedFile[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return [{ path, file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const children: FileSystemEntry[] = []
  // A browser gives a part of the entries with each call, and none when there are no more.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (part.length === 0) break
    children.push(...part)
  }
  return (await Promise.all(children.map((child) => filesOf(child)))).flat()
}
