import { mkdir } from 'node:fs/promises'
import { createBtrfsDriver, isBtrfs } from './btrfs-driver.ts'
import { directoryDriver } from './directory-driver.ts'
import { canMountImages, imageDriver } from './image-driver.ts'
import type { VolumeDriver } from './volume-driver.ts'

export const DRIVERS = ['auto', 'directory', 'btrfs', 'image'] as const
export type DriverChoice = (typeof DRIVERS)[number]

/**
 * The driver for the directory of all volumes, and why it is that one.
 * `auto` takes btrfs where the directory lies on it, and plain directories anywhere else; images have to be asked for.
 * @throws Error when the one that was asked for cannot work here
 */
export async function chooseDriver(
  root: string,
  choice: DriverChoice,
): Promise<{ readonly driver: VolumeDriver; readonly reason: string }> {
  await mkdir(root, { recursive: true, mode: 0o711 })
  const isRoot = process.getuid?.() === 0
  switch (choice) {
    case 'directory':
      return { driver: directoryDriver, reason: 'it was asked for' }
    case 'image':
      if (!(await canMountImages())) throw new Error('Images need root, loop devices and mkfs.ext4.')
      return { driver: imageDriver, reason: 'it was asked for' }
    case 'btrfs':
      if (!isRoot || !(await isBtrfs(root))) throw new Error(`btrfs needs root, and ${root} on a btrfs file system.`)
      return { driver: await createBtrfsDriver(root), reason: 'it was asked for' }
    case 'auto':
      return detectDriver(root, isRoot)
    default:
      return choice satisfies never
  }
}

async function detectDriver(root: string, isRoot: boolean) {
  if (!(await isBtrfs(root))) return { driver: directoryDriver, reason: 'the volumes do not lie on btrfs' }
  if (!isRoot) return { driver: directoryDriver, reason: 'quota groups of btrfs need root' }
  try {
    return { driver: await createBtrfsDriver(root), reason: 'the volumes lie on btrfs' }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    return { driver: directoryDriver, reason: `btrfs does not serve: ${said}` }
  }
}
