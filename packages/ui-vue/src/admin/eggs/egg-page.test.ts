import type { Egg, VariableInput } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { beforeAll, expect, test, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { someAccount } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import EggPage from './EggPage.vue'
import EggsPage from './EggsPage.vue'
import { useRuleText } from './useRuleText.ts'

const egg: Egg = {
  id: 'egg-1',
  nest: 'nest-1',
  name: 'Paper',
  author: 'mira@hatchery.test',
  description: 'A server.',
  format: 'PTDL_v2',
  features: ['eula'],
  images: [{ label: 'Java 21', value: 'java:21' }],
  startupCommands: [{ label: 'Default', value: 'java -jar {{JAR}}' }],
  stop: 'stop',
  done: ['Done'],
  variables: [
    {
      name: 'Slots',
      description: 'Players at once.',
      envVariable: 'SLOTS',
      defaultValue: '20',
      userViewable: true,
      userEditable: false,
      rules: ['required', 'integer', 'between:1,500'],
      input: { kind: 'number', required: true, integer: true, minimum: 1, maximum: 500 },
    },
  ],
  configFiles: ['server.properties'],
  hasInstallScript: true,
  updateUrl: 'https://eggs.test/paper.json',
  origin: { repository: 'repo-1', name: 'House eggs', path: 'paper.json', state: 'changed' },
  diagnostics: [
    { code: 'EGG_IMAGE_NAME', severity: 'info', pointer: '/images/0', message: 'Name a tag.' },
    { code: 'EGG_NO_DONE', severity: 'error', pointer: '/config/done', message: 'Name a text.' },
  ],
  serverCount: 2,
  createdAt: 0,
  revision: 1,
}
const source = {
  meta: { version: 'PTDL_v2' },
  name: 'Paper',
  startup: 'java',
  docker_images: { 'Java 21': 'java:21' },
  config: {
    files: '{"server.properties":{"parser":"properties","find":{"server-port":"{{server.build.default.port}}"}}}',
    startup: '{"done":"Done"}',
    logs: '{}',
    stop: 'stop',
  },
  scripts: { installation: { script: '#!/bin/ash\necho "hello"\n', container: 'alpine:3', entrypoint: 'ash' } },
  variables: [],
}
const replies = {
  'GET /account': someAccount,
  'GET /eggs/egg-1': egg,
  'GET /eggs/egg-1/source': { fileName: 'egg.json', text: JSON.stringify(source) },
}

// The page loads it when it needs it; here that would only be waited for.
beforeAll(async () => void (await import('@hatchery/core/eggs')))

test('the page of an egg says its rules in words, the worst finding first, and where it comes from', async () => {
  const { wrapper } = await mountInApp(EggPage, { props: { egg: 'egg-1' }, replies })
  await vi.waitFor(() => expect(wrapper.find('[data-severity]').exists()).toBe(true))
  expect(wrapper.text()).toContain('Required · whole number · 1 to 500')
  expect(wrapper.text()).toContain('Users can see it, not change it')
  expect(wrapper.find('[data-severity]').attributes('data-severity')).toBe('error')
  expect(wrapper.text()).toContain('Nothing says that the server is ready')
  expect(wrapper.find('a[href="/admin/egg-repositories/repo-1"]').text()).toBe('House eggs')
  expect(wrapper.text()).toContain('New version')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('script and config files are shown as the file has them', async () => {
  const { wrapper } = await mountInApp(EggPage, { props: { egg: 'egg-1' }, replies })
  await vi.waitFor(() => expect(wrapper.text()).toContain('echo "hello"'))
  expect(wrapper.text()).toContain('alpine:3')
  expect(wrapper.text()).toContain('server-port')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('what a machine can mend becomes an update that is looked at first', async () => {
  const broken = { ...source, docker_images: { 'Java 21': ' java:21 ' } }
  const preview = {
    egg: 'egg-1',
    revision: 1,
    hash: 'h',
    isSame: true,
    from: {},
    changes: [],
    diagnostics: [],
    servers: [],
  }
  const { wrapper, sent } = await mountInApp(EggPage, {
    props: { egg: 'egg-1' },
    replies: {
      ...replies,
      'GET /eggs/egg-1/source': { fileName: 'egg.json', text: JSON.stringify(broken) },
      'POST /eggs/egg-1/update-check': preview,
    },
  })
  await vi.waitFor(() => expect(wrapper.text()).toContain('Mend 1 finding'))
  expect(wrapper.text()).toContain('Image is not named exactly')
  await wrapper.find('section[aria-labelledby=egg-findings] button').trigger('click')
  await vi.waitFor(() => expect(sent.at(-1)?.path).toBe('/eggs/egg-1/update-check'))
  const { text = '' } = (sent.at(-1)?.body ?? {}) as { text?: string }
  expect(JSON.parse(text)).toMatchObject({ docker_images: { 'Java 21': 'java:21' }, meta: { version: 'PTDL_v2' } })
})

test('who may not change eggs sees no way to', async () => {
  const { wrapper } = await mountInApp(EggPage, {
    props: { egg: 'egg-1' },
    replies: { ...replies, 'GET /account': { ...someAccount, adminPermissions: ['eggs.read'] } },
  })
  await flushPromises()
  expect(wrapper.text()).not.toContain('Check for update')
  expect(wrapper.text()).not.toContain('Create server')
  expect(wrapper.text()).toContain('Export')
})

test.each<[string, VariableInput]>([
  ['Required · on or off, written as true or false', { kind: 'switch', required: true, values: ['false', 'true'] }],
  ['May be empty · one of a, b', { kind: 'select', required: false, options: ['a', 'b'] }],
  ['May be empty · number · at least 2', { kind: 'number', required: false, minimum: 2 }],
  ['Required · secret text · at most 40 characters', { kind: 'secret', required: true, maxLength: 40 }],
  [
    'Required · text · 5 characters · in a given form',
    { kind: 'text', required: true, minLength: 5, maxLength: 5, pattern: 'a+' },
  ],
])('says rules in words: %s', async (words, input) => {
  const { wrapper } = await mountInApp(
    defineComponent(() => {
      const text = useRuleText()
      return () => h('p', text(input))
    }),
  )
  expect(wrapper.text()).toBe(words)
})

test('the list shows eggs by nest, with a mark where a repository has a new version', async () => {
  const { wrapper } = await mountInApp(EggsPage, {
    path: '/admin/eggs',
    replies: {
      'GET /account': someAccount,
      'GET /nests': {
        data: [{ id: 'nest-1', name: 'Games', description: '', eggCount: 1, createdAt: 0, revision: 1 }],
        nextCursor: null,
      },
      'GET /eggs': { data: [egg], nextCursor: null },
    },
  })
  await flushPromises()
  expect(wrapper.find('h2').text()).toBe('Games')
  expect(wrapper.find('h3').text()).toBe('Paper')
  expect(wrapper.text()).toContain('New version')
  expect(wrapper.find('a[aria-current=page]').text()).toBe('Installed')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})
