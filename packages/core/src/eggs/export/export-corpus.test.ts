import { describe, expect, test } from 'vitest'
import { corpusRows, hasCorpus, readCorpusFile, readOracleLines } from '../corpus.test-data.ts'
import { parseEgg } from '../parse.ts'
import { readYaml } from '../read-yaml.ts'
import { exportEgg, type ExportFormat } from './export-egg.ts'
import { writeSymfonyYaml } from './symfony-yaml.ts'

const FORMATS = ['PTDL_v2', 'PLCN_v3', 'calagopus', 'hatchery'] as const
const isExportable = (version: string): version is ExportFormat => (FORMATS as readonly string[]).includes(version)

/** Where a file is not written as a panel writes it, and so comes back in other bytes. */
const NOT_CANONICAL = 39

describe.skipIf(!hasCorpus)('published eggs', { timeout: 120_000 }, () => {
  test('parse → export → parse is the identity, and a file of the panel comes back byte for byte', async () => {
    let identical = 0
    const others: string[] = []
    for (const { path, valid, version } of corpusRows()) {
      if (!valid || !isExportable(version)) continue
      const bytes = readCorpusFile(path)
      const { egg } = await parseEgg(bytes, { fileName: path })
      if (!egg) throw new Error(`${path} was not read`)
      const { text, losses } = await exportEgg(egg, version)
      expect([path, losses]).toEqual([path, []])
      const again = await parseEgg(text, { fileName: path })
      expect([path, again.egg]).toStrictEqual([path, egg])
      expect([path, (await exportEgg(again.egg ?? egg, version)).text]).toEqual([path, text])
      if (text === new TextDecoder().decode(bytes)) identical++
      else others.push(path)
    }
    console.log(`${identical} files come back byte for byte, ${others.length} do not`)
    expect(others.length).toBeLessThanOrEqual(NOT_CANONICAL)
  })

  test('written for Pterodactyl, a file of its own dialect stays as it is, and one of Pelican’s loses what is refused', async () => {
    let own = 0
    for (const { path, valid, version } of corpusRows()) {
      if (!valid || version !== 'PTDL_v2') continue
      const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
      if (!egg) throw new Error(`${path} was not read`)
      const { text } = await exportEgg(egg, version, { dialect: 'pterodactyl' })
      const { variables } = JSON.parse(text) as { variables: readonly { rules: unknown; sort?: unknown }[] }
      const refused = variables.filter((variable) => 'sort' in variable || typeof variable.rules !== 'string')
      expect([path, refused]).toEqual([path, []])
      if (text === (await exportEgg(egg, version)).text) own++
    }
    console.log(`${own} files are in Pterodactyl's own dialect`)
    expect(own).toBeGreaterThan(400)
  })
})

test.skipIf(!hasCorpus)('YAML is written as Symfony writes it for Pelican', { timeout: 120_000 }, () => {
  const others = readOracleLines<{ readonly id: string; readonly yaml: string }>('pelican-yaml-export.jsonl.gz').filter(
    ({ yaml }) => writeSymfonyYaml(readYaml(yaml).tree) !== yaml,
  )
  // `5.0` is a number like 5 in JavaScript.
  expect(others.map(({ id }) => id)).toEqual([
    'pelican-eggs+eggs/game_eggs/steamcmd_servers/astro_colony/egg-astro-colony-wine.json',
  ])
})
