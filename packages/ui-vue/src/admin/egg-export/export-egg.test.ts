import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { mountInApp } from '../../testing/mount-app.ts'
import ExportEggDialog from './ExportEggDialog.vue'

test('says what a format cannot hold before the file is taken', async () => {
  const saved: string[] = []
  const createObjectURL = vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    void (blob as Blob).text().then((text) => saved.push(text))
    return 'blob:test'
  })
  const losses = [{ pointer: '/icon', message: 'The icon has no place.' }]
  await mountInApp(ExportEggDialog, {
    props: { egg: 'egg-1', name: 'Paper', open: true },
    replies: { 'GET /eggs/egg-1/export': { fileName: 'egg-paper.json', text: '{"name":"Paper"}', losses } },
  })
  await flushPromises()
  await vi.waitFor(() => expect(document.body.textContent).toContain('1 thing does not fit and is left out'))
  expect(document.body.textContent).toContain('The icon has no place.')
  const radios = [...document.querySelectorAll<HTMLInputElement>('[role=dialog] input[type=radio]')]
  expect(radios.map(({ value }) => value)).toEqual(['pterodactyl', 'pelican', 'pelicanJson', 'calagopus', 'hatchery'])
  const download = [...document.querySelectorAll('button')].find((one) => one.textContent.trim() === 'Download')
  download?.click()
  await vi.waitFor(() => expect(saved).toEqual(['{"name":"Paper"}']))
  createObjectURL.mockRestore()
})
