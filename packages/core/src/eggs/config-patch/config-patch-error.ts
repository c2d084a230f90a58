/** The file cannot be read by its parser; it must be left as it is. */
export class ConfigPatchError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ConfigPatchError'
  }
}
