import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Name, Nothing, OneOf, Page, PageOf, Uuid, named } from './schemas/common.ts'
import { AppPassword, CredentialBounds, SshKey, SshSettings } from './schemas/ssh.ts'

export const listSshKeys = contract({
  method: 'GET',
  path: '/account/ssh-keys',
  tag: 'Account',
  summary: 'List the own SSH keys',
  class: 'read',
  permission: { account: 'ssh-keys.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(SshKey) },
})

export const addSshKey = contract({
  method: 'POST',
  path: '/account/ssh-keys',
  tag: 'Account',
  summary: 'Add a public key for SFTP and SSH',
  description:
    'Takes one key as OpenSSH writes it (`ssh-ed25519 AAAA… comment`) or as RFC 4716 does, which is what PuTTYgen saves. Refused are DSA, RSA below 2048 bits and private keys.',
  class: 'at-most-once',
  permission: { account: 'ssh-keys.create' },
  body: Type.Object({
    /** Without one, the comment of the key is its name. */
    name: Type.Optional(Name),
    publicKey: Type.String({ minLength: 1, maxLength: 16_384 }),
    ...CredentialBounds,
  }),
  response: { 201: SshKey },
  errors: ['SSH_KEY_INVALID', 'SSH_KEY_EXISTS', 'SSH_KEY_LIMIT'],
})

export const importSshKeys = contract({
  method: 'POST',
  path: '/account/ssh-keys/import',
  tag: 'Account',
  summary: 'Add the public keys that somebody has published at GitHub or GitLab',
  class: 'converge',
  permission: { account: 'ssh-keys.create' },
  body: Type.Object({
    from: OneOf(['github', 'gitlab']),
    username: Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?$' }),
  }),
  response: {
    200: named(
      'ImportedSshKeys',
      Type.Object({
        added: Type.Array(SshKey),
        /** Keys that were there already. */
        known: Type.Integer({ minimum: 0 }),
        /** Keys that are not taken, and why. */
        refused: Type.Array(Type.Object({ algorithm: Type.String(), reason: Type.String() })),
      }),
    ),
  },
  errors: ['SSH_KEYS_NOT_PUBLISHED', 'SSH_KEY_LIMIT', 'OUTBOUND_REFUSED', 'OUTBOUND_FAILED', 'OUTBOUND_TOO_LARGE'],
  rate: 'expensive',
})

export const updateSshKey = contract({
  method: 'PATCH',
  path: '/account/ssh-keys/:key',
  tag: 'Account',
  summary: 'Rename an SSH key',
  class: 'converge',
  permission: { account: 'ssh-keys.update' },
  params: Type.Object({ key: Uuid }),
  body: Type.Object({ name: Name }),
  response: { 200: SshKey },
  errors: ['SSH_KEY_NOT_FOUND'],
})

export const deleteSshKey = contract({
  method: 'DELETE',
  path: '/account/ssh-keys/:key',
  tag: 'Account',
  summary: 'Delete an SSH key; what its owner has open over SFTP and SSH ends',
  class: 'converge',
  permission: { account: 'ssh-keys.delete' },
  params: Type.Object({ key: Uuid }),
  response: { 200: Nothing },
  errors: ['SSH_KEY_NOT_FOUND'],
})

export const listAppPasswords = contract({
  method: 'GET',
  path: '/account/app-passwords',
  tag: 'Account',
  summary: 'List the own app passwords',
  class: 'read',
  permission: { account: 'app-passwords.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(AppPassword) },
})

export const createAppPassword = contract({
  method: 'POST',
  path: '/account/app-passwords',
  tag: 'Account',
  summary: 'Create a password for one SFTP program; it is shown this once',
  class: 'at-most-once',
  permission: { account: 'app-passwords.create' },
  body: Type.Object({ name: Name, ...CredentialBounds }),
  response: {
    201: named('CreatedAppPassword', Type.Object({ appPassword: AppPassword, password: Type.String() })),
  },
  errors: ['APP_PASSWORD_LIMIT'],
})

export const deleteAppPassword = contract({
  method: 'DELETE',
  path: '/account/app-passwords/:password',
  tag: 'Account',
  summary: 'Delete an app password; what its owner has open over SFTP and SSH ends',
  class: 'converge',
  permission: { account: 'app-passwords.delete' },
  params: Type.Object({ password: Uuid }),
  response: { 200: Nothing },
  errors: ['APP_PASSWORD_NOT_FOUND'],
})

export const getSshSettings = contract({
  method: 'GET',
  path: '/settings/ssh',
  tag: 'Settings',
  summary: 'Read how people may sign in over SFTP and SSH',
  class: 'read',
  permission: { admin: 'settings.read' },
  response: { 200: SshSettings },
})

export const updateSshSettings = contract({
  method: 'PATCH',
  path: '/settings/ssh',
  tag: 'Settings',
  summary: 'Change how people may sign in over SFTP and SSH',
  class: 'converge',
  permission: { admin: 'settings.update' },
  body: Type.Partial(Type.Object(SshSettings.properties)),
  response: { 200: SshSettings },
})
