import type { EggCheck, EggUpdatePreview, Nest } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import axe from 'axe-core'
import { beforeAll, expect, test, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import { someAccount } from '../../testing/fixtures.ts'
import { mountInApp, refuse, type Replies, type SentRequest } from '../../testing/mount-app.ts'
import ImportEggDialog from './ImportEggDialog.vue'

const NESTS = [{ id: 'nest-1', name: 'Games' }] as unknown as readonly Nest[]
const good: EggCheck = {
  ok: true,
  name: 'Paper',
  format: 'PTDL_v2',
  variableCount: 2,
  images: ['a'],
  diagnostics: [],
  existing: null,
}
const preview: EggUpdatePreview = {
  egg: 'egg-0',
  revision: 1,
  hash: 'seen',
  isSame: false,
  from: { kind: 'file', url: null, repository: null, path: null, fileName: 'egg.json' },
  name: 'Paper',
  format: 'PTDL_v2',
  changes: [
    {
      kind: 'changed',
      area: 'variables',
      subject: 'SLOTS',
      pointer: '/variables/0/rules',
      before: ['integer'],
      after: ['integer', 'max:16'],
      message: 'The rules of SLOTS changed.',
      effect: 'values-may-fail',
    },
  ],
  diagnostics: [],
  serverCount: 2,
  servers: [],
  affectedCount: 0,
}
/** Files whose text is no JSON are no eggs. */
const check = ({ body }: SentRequest): EggCheck => {
  const { text } = body as { text: string }
  const message = 'Correct line 3.'
  return text.startsWith('{')
    ? { ...good, name: (JSON.parse(text) as { name: string }).name }
    : { ...good, ok: false, diagnostics: [{ code: 'EGG_SYNTAX', severity: 'error', pointer: '', message }] }
}
const button = (name: string): HTMLButtonElement => {
  const found = [...document.querySelectorAll<HTMLButtonElement>('[role=dialog] button')].find(
    (one) => one.textContent.trim() === name,
  )
  if (!found) throw new Error(`There is no button ${name}: ${document.body.textContent}`)
  return found
}
const file = (name: string): File => new File([JSON.stringify({ name })], `${name}.json`)

async function openDialog(replies: Replies = {}, nests = NESTS) {
  const open = shallowRef(true)
  const Page = defineComponent(
    () => () =>
      h(ImportEggDialog, { nests, open: open.value, 'onUpdate:open': (next: boolean) => (open.value = next) }),
  )
  const mounted = await mountInApp(Page, {
    replies: { 'GET /account': someAccount, 'POST /eggs/check': check, 'POST /eggs': { id: 'egg-1' }, ...replies },
  })
  await flushPromises()
  const sentTo = (path: string): readonly unknown[] =>
    mounted.sent.filter((request) => request.path === path).map(({ body }) => body)
  return { ...mounted, open, sentTo }
}
async function pick(...files: readonly File[]): Promise<void> {
  const input = document.querySelector<HTMLInputElement>('[role=dialog] input[type=file]')
  if (!input) throw new Error('There is no place for files.')
  Object.defineProperty(input, 'files', { value: files, configurable: true })
  input.dispatchEvent(new Event('change'))
  await settle()
}
async function fill(selector: string, value: string): Promise<void> {
  const field = document.querySelector<HTMLInputElement>(`[role=dialog] ${selector}`)
  if (!field) throw new Error(`There is no field ${selector}.`)
  field.value = value
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  field.closest('form')?.dispatchEvent(new Event('submit'))
  await settle()
}
const settle = (): Promise<void> =>
  vi.waitFor(() => {
    expect(document.querySelector('[role=dialog] [data-status]')).not.toBeNull()
    expect(document.querySelector('[data-status=reading], [data-status=importing]')).toBeNull()
  })

// The dialog loads it when it needs it; here that would only be waited for.
beforeAll(async () => void (await import('@hatchery/core/eggs')))

test('says what is in the text before anything is changed', async () => {
  const { sent } = await openDialog()
  await fill('textarea', '{"name": "Paper"}')
  expect(document.body.textContent).toContain('PTDL_v2 · 2 variables · 1 image')
  expect(sent.map(({ path }) => path)).not.toContain('/eggs')
  expect(button('Import egg').disabled).toBe(false)
})

test('a file that is no egg cannot be imported, and it says why', async () => {
  await openDialog()
  await pick(new File(['nothing'], 'notes.txt'))
  expect(document.body.textContent).toContain('Not valid JSON or YAML')
  expect(document.body.textContent).toContain('Correct line 3.')
  expect(button('Import egg').disabled).toBe(true)
})

test('the first egg of a panel makes its nest by itself, and its page is shown', async () => {
  const { sentTo, router } = await openDialog({ 'POST /nests': { id: 'new-nest' } }, [])
  await pick(file('Paper'))
  button('Import egg').click()
  await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('admin-egg'))
  expect(sentTo('/eggs')).toEqual([
    { nest: 'new-nest', text: '{"name":"Paper"}', fileName: 'Paper.json', onExisting: 'create' },
  ])
})

test('many files are imported in one go, each with its own outcome', async () => {
  let calls = 0
  const { sentTo } = await openDialog({
    'POST /eggs': () =>
      ++calls === 2 ? refuse(422, 'EGG_INVALID', 'It is no egg.', { reason: 'no' }) : { id: `egg-${calls}` },
  })
  await pick(file('Paper'), file('Forge'), new File(['x'], 'broken.json'), file('Fabric'))
  button('Import 3 eggs').click()
  await vi.waitFor(() => expect(document.querySelectorAll('[data-status=imported]')).toHaveLength(2))
  await settle()
  expect(sentTo('/eggs')).toHaveLength(3)
  expect(document.querySelector('[role=status].text-muted')?.textContent).toBe('2 of 4 imported, 2 not possible')
  expect(button('Import egg').disabled).toBe(false)
  button('Import egg').click()
  await vi.waitFor(() => expect(document.querySelectorAll('[data-status=imported]')).toHaveLength(3))
})

test('an egg that is here already shows what an update changes, and exactly that is applied', async () => {
  const { sentTo } = await openDialog({
    'POST /eggs/check': { ...good, existing: 'egg-0' },
    'POST /eggs/egg-0/update-check': preview,
    'POST /eggs/egg-0/update': { egg: { id: 'egg-0' }, serverCount: 2, servers: [], affectedCount: 0 },
  })
  await pick(file('Paper'))
  expect(document.body.textContent).toContain('1 change · 2 servers use this egg')
  expect(document.body.textContent).toContain('Values may no longer pass')
  button('Update egg').click()
  await vi.waitFor(() =>
    expect(sentTo('/eggs/egg-0/update')).toEqual([{ text: '{"name":"Paper"}', fileName: 'Paper.json', hash: 'seen' }]),
  )
  expect(sentTo('/eggs')).toEqual([])
})

test('an egg that came from an address is updated from there', async () => {
  const { sentTo } = await openDialog({
    'POST /eggs/fetch': { url: 'https://a.test/egg.json', fileName: 'egg.json', text: '{"name":"Paper"}' },
    'POST /eggs/check': { ...good, existing: 'egg-0' },
    'POST /eggs/egg-0/update-check': preview,
    'POST /eggs/egg-0/update': { egg: { id: 'egg-0' }, serverCount: 2, servers: [], affectedCount: 0 },
  })
  await fill('input[type=url]', 'https://a.test/egg.json')
  button('Update egg').click()
  await vi.waitFor(() =>
    expect(sentTo('/eggs/egg-0/update')).toEqual([{ url: 'https://a.test/egg.json', hash: 'seen' }]),
  )
  expect(sentTo('/eggs/egg-0/update-check')).toEqual([{ url: 'https://a.test/egg.json' }])
})

test('an egg that is here already can become another egg instead', async () => {
  const { sentTo } = await openDialog({
    'POST /eggs/check': { ...good, existing: 'egg-0' },
    'POST /eggs/egg-0/update-check': { ...preview, isSame: true, changes: [] },
  })
  await pick(file('Paper'))
  expect(document.body.textContent).toContain('Already here')
  expect(button('Import egg').disabled).toBe(true)
  document.querySelectorAll<HTMLInputElement>('[role=dialog] input[type=radio]')[1]?.dispatchEvent(new Event('change'))
  await flushPromises()
  button('Import egg').click()
  await vi.waitFor(() => expect(sentTo('/eggs')).toMatchObject([{ nest: 'nest-1', onExisting: 'create' }]))
})

test('an address is fetched by the panel and remembered for updates', async () => {
  const { sentTo } = await openDialog({
    'POST /eggs/fetch': { url: 'https://raw.test/egg.json', fileName: 'egg.json', text: '{"name":"Paper"}' },
  })
  await fill('input[type=url]', 'https://git.test/blob/egg.json')
  button('Import egg').click()
  await vi.waitFor(() =>
    expect(sentTo('/eggs')).toMatchObject([{ fileName: 'egg.json', url: 'https://raw.test/egg.json' }]),
  )
})

test('an address that is refused says so, and can be tried again', async () => {
  let calls = 0
  await openDialog({
    'POST /eggs/fetch': () =>
      ++calls === 1
        ? refuse(403, 'OUTBOUND_REFUSED', 'No.', { host: '10.0.0.5', reason: 'it is a private address' })
        : { url: 'https://a.test/egg.json', fileName: 'egg.json', text: '{"name":"Paper"}' },
  })
  await fill('input[type=url]', 'http://10.0.0.5/egg.json')
  expect(document.body.textContent).toContain('The panel does not connect to 10.0.0.5: it is a private address.')
  button('Try again').click()
  await vi.waitFor(() => expect(document.querySelector('[data-status=ready]')).not.toBeNull())
})

test('files dropped anywhere on the page open the dialog with what is in them', async () => {
  const { open } = await openDialog()
  open.value = false
  await flushPromises()
  const drag = (type: string): Event =>
    Object.assign(new Event(type, { bubbles: true, cancelable: true }), {
      dataTransfer: { types: ['Files'], files: [file('Paper')] },
    })
  window.dispatchEvent(drag('dragenter'))
  await flushPromises()
  expect(document.body.textContent).toContain('Drop to import')
  const drop = drag('drop')
  window.dispatchEvent(drop)
  expect(drop.defaultPrevented).toBe(true)
  await vi.waitFor(() => expect(document.querySelector('[data-status=ready]')?.textContent).toContain('Paper'))
  expect(document.body.textContent).not.toContain('Drop to import')
})

test('who may not update eggs is told that another one is made', async () => {
  const { sent } = await openDialog({
    'GET /account': { ...someAccount, adminPermissions: ['eggs.create'] },
    'POST /eggs/check': { ...good, existing: 'egg-0' },
  })
  await pick(file('Paper'))
  expect(document.body.textContent).toContain('you may not update it')
  expect(sent.map(({ path }) => path)).not.toContain('/eggs/egg-0/update-check')
  expect(button('Import egg').disabled).toBe(false)
})

test('a file larger than any egg is not even sent', async () => {
  const { sent } = await openDialog()
  await pick(new File([new Uint8Array(1_048_577)], 'big.json'))
  expect(document.body.textContent).toContain('larger than 1 MiB')
  expect(sent.map(({ path }) => path)).not.toContain('/eggs/check')
})

test('the dialog is accessible, empty and full', async () => {
  await openDialog({
    'POST /eggs/check': { ...good, existing: 'egg-0' },
    'POST /eggs/egg-0/update-check': preview,
  })
  const problems = async (): Promise<readonly string[]> => {
    const { violations } = await axe.run(document.querySelector('[role=dialog]') as Element, {
      rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
    })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }
  expect(await problems()).toEqual([])
  await pick(file('Paper'))
  expect(await problems()).toEqual([])
})
