/** What came is no pack of git, or a broken one; the message says how. */
export class PackError extends Error {}

/** There is more than is read; the message says how much. */
export class PackTooLargeError extends Error {}
