import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import de from '../../i18n/de/serverProperties.json' with { type: 'json' }
import en from '../../i18n/en/serverProperties.json' with { type: 'json' }
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import ConfigFormPane from './ConfigFormPane.vue'
import { problemOf, schemaOf, type ConfigField } from './config-schema.ts'
import { SERVER_PROPERTIES } from './server-properties.ts'

const fields = SERVER_PROPERTIES.groups.flatMap((group) => group.fields)

async function mountForm(start: string) {
  const text = shallowRef(start)
  const Page = defineComponent(
    () => () =>
      h(ConfigFormPane, {
        schema: SERVER_PROPERTIES,
        text: text.value,
        isReadOnly: false,
        name: 'server.properties',
        onChange: (next: string) => (text.value = next),
      }),
  )
  const { wrapper } = await mountInApp(Page)
  await flushPromises()
  const field = (key: string) => wrapper.get(`[data-key="${key}"]`)
  return { wrapper, text, field }
}

test('changes go into the text; comments, order, line ends and unknown keys stay', async () => {
  const { wrapper, text, field } = await mountForm('#by hand\r\nmax-players = 20\r\nmod-key=x\r\npvp=true\r\n')
  expect(await accessibilityProblems(wrapper)).toEqual([])
  await field('max-players').get('input').setValue('50')
  await field('max-players').get('input').trigger('change')
  await field('pvp').get('[role=switch]').trigger('click')
  await field('white-list').get('[role=switch]').trigger('click')
  await vi.waitFor(
    () => expect(text.value).toBe('#by hand\r\nmax-players = 50\r\nmod-key=x\r\npvp=false\r\nwhite-list=true\r\n'),
    // The parsers of all formats are loaded with the first change.
    { timeout: 15_000 },
  )
  expect(wrapper.text()).toContain('mod-key')
}, 30_000)

test('what is typed in the text shows in the form, and what is wrong is said', async () => {
  const { text, field } = await mountForm('max-players=20\n')
  text.value = 'max-players=many\ndifficulty=brutal\nview-distance=99\n'
  await flushPromises()
  expect(field('max-players').text()).toContain('Give a whole number.')
  expect(field('view-distance').text()).toContain('from 3 to 32')
  expect(field('difficulty').get('select').element.value).toBe('brutal')
  expect(field('motd').attributes('data-unset')).toBe('true')
})

test('settings are found by key, name and help', async () => {
  const { wrapper } = await mountForm('')
  await wrapper.get('input[type=search]').setValue('creepers')
  expect(wrapper.text()).toContain('No setting fits')
  await wrapper.get('input[type=search]').setValue('chunks')
  expect(wrapper.findAll('[data-key]').map((one) => one.attributes('data-key'))).toEqual([
    'view-distance',
    'simulation-distance',
    'sync-chunk-writes',
  ])
})

test('every field of the schema has its words, and its standard is valid', () => {
  for (const field of fields) {
    const name = field.key.replaceAll('.', '_')
    for (const words of [en, de] as const) {
      expect(Object.hasOwn(words.field, name), field.key).toBe(true)
      expect(Object.hasOwn(words.help, name), `${field.key} help`).toBe(field.hasHelp === true)
    }
    expect(problemOf(field, field.standard), field.key).toBeUndefined()
    if (field.kind === 'choice') expect(field.options).toContain(field.standard)
  }
  expect(new Set(fields.map(({ key }: ConfigField) => key)).size).toBe(fields.length)
})

test('a form belongs to a name, wherever the file lies', () => {
  expect(schemaOf('a/server.properties')).toBeDefined()
  expect(schemaOf('a/other.properties')).toBeUndefined()
  expect(schemaOf('toString')).toBeUndefined()
})
