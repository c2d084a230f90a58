// oxlint-disable no-control-regex -- they are what this is about
/** Colours, which do nothing but look; every other sequence could move, ask or reprogram the terminal of whoever reads. */
const COLOUR = /^\u001b\[[0-9;:]{0,64}m$/
const SEQUENCE =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g

/** A line of a game for a terminal: its colours stay, and nothing else that a terminal would obey. */
export function printable(text: string): string {
  const plain = text.replaceAll(SEQUENCE, (sequence) => (COLOUR.test(sequence) ? sequence : '')).replaceAll(CONTROL, '')
  return plain.includes('\u001b[') ? `${plain}\u001b[0m` : plain
}
