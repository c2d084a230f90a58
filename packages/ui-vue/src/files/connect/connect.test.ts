import type { Server } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { computed, defineComponent, h, provide } from 'vue'
import { SERVER } from '../../server/server-context.ts'
import { someServer } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import { connectCommands, sftpUrl, shellCommand } from './connect-commands.ts'
import ConnectButton from './ConnectButton.vue'

const page = (...data: unknown[]) => ({ data, nextCursor: null })
const dialog = (): HTMLElement | null => document.querySelector<HTMLElement>('[role=dialog]')

async function mountFor(server: Server, keys: unknown, passwords: unknown) {
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => server),
    )
    return () => h('div', h(ConnectButton))
  })
  const replies = { 'GET /account/ssh-keys': keys, 'GET /account/app-passwords': passwords }
  const mounted = await mountInApp(Page, { replies })
  return {
    ...mounted,
    async open() {
      await mounted.wrapper.get('button').trigger('click')
      await import('./ConnectDialog.vue')
      await flushPromises()
      await flushPromises()
    },
  }
}

test('the dialog says where, as whom and with which host key, and asks for nothing before it is open', async () => {
  const { open, sent } = await mountFor(someServer(), page({}), page())
  expect(sent).toEqual([])
  await open()
  const text = dialog()!.textContent
  for (const part of ['node-1.example.com', '2022', 'mira.0a1b2c3d', 'SHA256:', 'sftp -P 2022', 'ssh -p 2022']) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain('You have no SSH key')
  const link = dialog()!.querySelector<HTMLAnchorElement>('a[href^=sftp]')
  expect(link?.getAttribute('href')).toBe('sftp://mira.0a1b2c3d@node-1.example.com:2022/')
  expect(await accessibilityProblems({ element: dialog() } as never)).toEqual([])
})

test('who has neither a key nor an app password is told so', async () => {
  const { open } = await mountFor(someServer(), page(), page())
  await open()
  expect(dialog()!.textContent).toContain('You have no SSH key and no app password yet')
  expect(dialog()!.querySelector('a[href="/account/security"]')).not.toBeNull()
})

test('who may not use the console is offered no shell', async () => {
  const { open } = await mountFor(someServer({ permissions: ['file.sftp'] }), page({}), page())
  await open()
  expect(dialog()!.textContent).not.toContain('ssh -p')
})

test('without SFTP at the node there is no button', async () => {
  const { wrapper } = await mountFor(someServer({ sftp: null }), page(), page())
  expect(wrapper.find('button').exists()).toBe(false)
})

test('an IPv6 address stands in brackets where something follows it', () => {
  const address = { host: '2001:db8::1', port: 22, username: 'ada.0a1b2c3d', fingerprint: '' }
  expect(sftpUrl(address)).toBe('sftp://ada.0a1b2c3d@[2001:db8::1]:22/')
  expect(connectCommands(address).map(({ command }) => command)).toEqual([
    'sftp -P 22 ada.0a1b2c3d@2001:db8::1',
    'scp -P 22 file.txt ada.0a1b2c3d@[2001:db8::1]:',
    'sshfs -p 22 ada.0a1b2c3d@[2001:db8::1]:/ ~/server',
    'rclone lsf ":sftp,host=\'2001:db8::1\',port=22,user=ada.0a1b2c3d:"',
  ])
  expect(shellCommand(address)).toBe('ssh -p 22 ada.0a1b2c3d@2001:db8::1')
})
