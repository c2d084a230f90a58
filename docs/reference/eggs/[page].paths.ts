import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../../packages/core/docs/eggs/', import.meta.url))

/** The pages that come with @hatchery/core, each under a name of its own: `functions/parse-egg.md` is `parse-egg`. */
export default {
  watch: ['../../../packages/core/docs/eggs/**/*.md'],
  paths: () =>
    readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => ({
        params: { page: nameOf(file) },
        content: forTheSite(readFileSync(source + file, 'utf8'), path.posix.dirname(file)),
      })),
}

function nameOf(file: string): string {
  const name = file.replace(/^.*\//, '').replace(/\.md$/, '')
  if (name === 'README') return 'overview'
  return file.includes('formats/') ? `format-${name}` : name
}

/** Links between the pages lead to the site's; braces in code are text to Vue. */
function forTheSite(text: string, folder: string): string {
  return text
    .split(/(```[\s\S]*?```)/)
    .map((part) =>
      part.startsWith('```')
        ? part
        : part
            .replace(
              /\]\((?!https?:)([^)#]+\.md)(#[^)]*)?\)/g,
              (_, target: string, anchor = '') => `](./${nameOf(path.posix.join(folder, target))}${anchor})`,
            )
            .replace(/`([^`\n]*\{\{[^`\n]*)`/g, (_, code: string) => `<code v-pre>${escapeHtml(code)}</code>`),
    )
    .join('')
}

const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\\|', '|')
    .replaceAll('|', '&#124;')
