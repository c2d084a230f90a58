/** How the directory of a server comes to be, and what holds all that lies in it to a limit. */
export interface VolumeDriver {
  readonly name: 'directory' | 'btrfs' | 'image'
  /** The kernel refuses what is beyond the limit, whoever writes it. Otherwise only what passes the agent is refused. */
  readonly holdsLimits: boolean
  /**
   * Makes the directory, or makes the one that is there usable again, such as after the machine has started.
   * `limitBytes` is what {@link limit} takes.
   */
  open(home: string, limitBytes: number): Promise<void>
  /** The same for one that may not exist. @returns whether it does */
  reopen(home: string): Promise<boolean>
  /** Everything that may lie in it, in bytes; 0 is no limit. Takes effect at once, also below what is there already. */
  limit(home: string, bytes: number): Promise<void>
  /** Bytes in it as the file system knows them; null where it does not, and they have to be counted. */
  usage(home: string): Promise<number | null>
  /** Puts under the limit what a tenant has withdrawn from it. Called now and then. */
  guard(home: string): Promise<void>
  /** Removes the directory with everything in it, for ever; one that is not there is fine. */
  remove(home: string): Promise<void>
}
