import type { Egg } from '../model.ts'
import { PARSERS } from '../config-parsers.ts'
import type { LossList } from './egg-loss.ts'

const MAX_TEXT = 191
const IMAGE = /^[\w#./\- ]*\|?~?[\w./\-:@ ]*$/

/** What Pterodactyl's own checks would refuse when it imports the file. */
export function noteRefusedByPterodactyl(egg: Egg, notes: LossList): void {
  const refuse = (pointer: string, problem: string) =>
    notes.lose('REFUSED', pointer, `Pterodactyl refuses the egg: ${problem}`)
  if (egg.name.length > MAX_TEXT) refuse('/name', `its name is longer than ${MAX_TEXT} characters.`)
  if (!/^[^\s@]+@[^\s@]+$/.test(egg.author)) refuse('/author', 'its author is no e-mail address.')
  if (egg.images.length === 0) refuse('/images', 'it has no image.')
  egg.images.forEach(({ value }, index) => {
    if (value.length <= MAX_TEXT && IMAGE.test(value)) return
    refuse(`/images/${index}/value`, 'the name of an image is too long or has characters that none has.')
  })
  if ((egg.startupCommands[0]?.value ?? '') === '') refuse('/startupCommands', 'it has no start command.')
  if (egg.config.stop.length > MAX_TEXT)
    refuse('/config/stop', `its stop command is longer than ${MAX_TEXT} characters.`)
  egg.variables.forEach(({ name, envVariable }, index) => {
    const pointer = `/variables/${index}`
    if (name === '' || name.length > MAX_TEXT) {
      refuse(`${pointer}/name`, `the title of ${envVariable} has to have 1 to ${MAX_TEXT} characters.`)
    }
    if (!/^\w{1,191}$/.test(envVariable)) {
      refuse(`${pointer}/envVariable`, `${envVariable} is more than letters, digits and underscores.`)
    }
  })
}

/** What Calagopus would refuse when it imports the file. */
export function noteRefusedByCalagopus(egg: Egg, notes: LossList): void {
  const refuse = (pointer: string, problem: string) =>
    notes.lose('REFUSED', pointer, `Calagopus refuses the egg: ${problem}`)
  const isWithin = (text: string, least: number) => text.length >= least && text.length <= 255
  if (!isWithin(egg.name, 1)) refuse('/name', 'its name has to have 1 to 255 characters.')
  if (!isWithin(egg.author, 2)) refuse('/author', 'its author has to have 2 to 255 characters.')
  if (egg.startupCommands.length === 0) refuse('/startupCommands', 'it has no start command.')
  egg.config.files.forEach(({ path, parser }, index) => {
    if (PARSERS.has(parser)) return
    refuse(`/config/files/${index}/parser`, `the parser ${parser} of ${path} is not known.`)
  })
}
