export interface SuggestedRepository {
  readonly name: string
  readonly url: string
  readonly folder: string
  /** Key below `eggs.repo.suggestion`. */
  readonly about: 'steam' | 'games' | 'minecraft' | 'voice' | 'bots' | 'software' | 'databases' | 'mixed' | 'classics'
}

/**
 * Public repositories that people ask for first. They only fill the form; nothing is fetched before somebody adds one.
 * The community keeps its eggs in one repository for each kind; the organisation pterodactyl keeps the panel's own and
 * many older ones.
 */
export const SUGGESTED_REPOSITORIES: readonly SuggestedRepository[] = [
  { name: 'Pelican: Minecraft', url: 'https://github.com/pelican-eggs/minecraft', folder: '', about: 'minecraft' },
  { name: 'Pelican: SteamCMD', url: 'https://github.com/pelican-eggs/games-steamcmd', folder: '', about: 'steam' },
  { name: 'Pelican: Standalone', url: 'https://github.com/pelican-eggs/games-standalone', folder: '', about: 'games' },
  { name: 'Pelican: Voice', url: 'https://github.com/pelican-eggs/voice', folder: '', about: 'voice' },
  { name: 'Pelican: Chat bots', url: 'https://github.com/pelican-eggs/chatbots', folder: '', about: 'bots' },
  { name: 'Pelican: Software', url: 'https://github.com/pelican-eggs/software', folder: '', about: 'software' },
  { name: 'Pelican: Databases', url: 'https://github.com/pelican-eggs/database', folder: '', about: 'databases' },
  { name: 'Pterodactyl: Games', url: 'https://github.com/pterodactyl/game-eggs', folder: '', about: 'mixed' },
  {
    name: 'Pterodactyl: Panel',
    url: 'https://github.com/pterodactyl/panel',
    folder: 'database/Seeders/eggs',
    about: 'classics',
  },
]
