import type { Labelled } from './model.ts'

/** Class files of Java 8 have version 52, and so on. */
const CLASS_FILE_OFFSET = 44

/** The least Java version that a console line asks for; null where it names none. */
export function requiredJavaVersion(line: string): number | null {
  const asked = /with java (\d{1,3})/i.exec(line)
  if (asked) return Number(asked[1])
  // The first number is what the class needs, the one after "up to" what the runtime has.
  const classFile = /(?:class file version|major\.minor version)s? (\d{2,3})/i.exec(line)
  return classFile ? Number(classFile[1]) - CLASS_FILE_OFFSET : null
}

/** The Java version of an image by its label or tag; null where neither says. */
function javaVersionOf({ label, value }: Labelled): number | null {
  for (const text of [value, label]) {
    const found =
      /(?:java|jdk|jre|temurin|corretto|graalvm|zulu)[a-z]*[\s_:.-]*(?:(?:jdk|jre)[\s_-]*)?(\d{1,2})(?!\d)/i.exec(text)
    if (found) return Number(found[1])
  }
  return null
}

/**
 * The egg's images that can run what the line complains of, the nearest version first. A line without a version gets
 * every Java image, the newest first.
 */
export function javaImagesFor(line: string, images: readonly Labelled[]): Labelled[] {
  const required = requiredJavaVersion(line)
  const known = images.flatMap((image) => {
    const version = javaVersionOf(image)
    return version === null ? [] : [{ image, version }]
  })
  const fitting = required === null ? known : known.filter(({ version }) => version >= required)
  const order = required === null ? -1 : 1
  return fitting.toSorted((left, right) => (left.version - right.version) * order).map(({ image }) => image)
}
