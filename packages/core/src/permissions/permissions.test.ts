import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerFeature, CONTRACTS, LIVE_TOPICS, powerServer, type PermissionSpec } from '../api/index.ts'
import {
  ACCOUNT_PERMISSIONS,
  ADMIN_PERMISSIONS,
  SERVER_PERMISSIONS,
  authorisationMatrix,
  hasPermission,
  keyAllows,
  knownGrants,
  missingGrants,
  normaliseGrants,
  permissionGroups,
  permissionOf,
  PRESETS,
  presetOf,
} from './index.ts'

const NAMES = Object.keys(SERVER_PERMISSIONS)
const name = fc.oneof(fc.constantFrom(...NAMES, '*'), fc.string({ minLength: 1 }))
const names = fc.array(name)

describe('grants', () => {
  test('hold the names in the list, or everything', () => {
    expect(hasPermission(['control.start'], 'control.start')).toBe(true)
    expect(hasPermission(['control.start'], 'control.stop')).toBe(false)
    expect(hasPermission(['control'], 'control.start')).toBe(false)
    expect(hasPermission(['control.*'], 'control.start')).toBe(false)
    expect(hasPermission(['*'], 'control.stop')).toBe(true)
    expect(hasPermission([], 'control.start')).toBe(false)
  })

  test('that are unknown are kept and allow nothing known', () => {
    fc.assert(
      fc.property(fc.array(fc.string().filter((text) => text !== '*' && !NAMES.includes(text))), (unknown) => {
        expect(NAMES.some((permission) => hasPermission(unknown, permission))).toBe(false)
        expect(new Set(normaliseGrants(unknown))).toEqual(new Set(unknown))
        expect(knownGrants(SERVER_PERMISSIONS, unknown)).toEqual([])
      }),
    )
    expect(knownGrants(SERVER_PERMISSIONS, ['constructor', 'file.read'])).toEqual(['file.read'])
  })

  test('nobody ends up with more through a grant than the giver has', () => {
    fc.assert(
      fc.property(names, names, (own, wanted) => {
        const mayGrant = missingGrants(own, wanted).length === 0
        const gained = [...NAMES, '*'].filter((permission) => hasPermission(wanted, permission))
        const isCovered = gained.every((permission) => hasPermission(own, permission))
        expect(!mayGrant || isCovered).toBe(true)
        expect(mayGrant && wanted.includes('*') && !own.includes('*')).toBe(false)
      }),
    )
    expect(missingGrants(['file.read'], ['file.delete', 'file.read', 'file.delete'])).toEqual(['file.delete'])
    expect(missingGrants(['*'], ['*', 'acme.fly'])).toEqual([])
  })

  test('mean the same after they were put in order', () => {
    fc.assert(
      fc.property(names, name, (list, permission) => {
        const normal = normaliseGrants(list)
        expect(hasPermission(normal, permission)).toBe(hasPermission(list, permission))
        expect(normaliseGrants(normal)).toEqual(normal)
      }),
    )
  })
})

describe('permissionOf', () => {
  test('reads the field that decides', () => {
    expect(permissionOf(powerServer.permission, { body: { action: 'kill' } })).toEqual({ server: 'control.stop' })
    expect(permissionOf(answerFeature.permission, { params: { feature: 'eula' } })).toEqual({ server: 'file.update' })
    expect(permissionOf('public', {})).toBe('public')
  })

  test('lets nobody do what the contract does not list', () => {
    const listed = new Set(['start', 'stop', 'restart', 'kill'])
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty')),
        (action) => {
          fc.pre(typeof action !== 'string' || !listed.has(action))
          expect(permissionOf(powerServer.permission, { body: { action } })).toBe('never')
          expect(permissionOf(powerServer.permission, { body: action })).toBe('never')
        },
      ),
    )
    expect(permissionOf(powerServer.permission, { body: Object.create({ action: 'start' }) })).toBe('never')
  })
})

describe('an API key', () => {
  test('without limits may do all that its owner may, a node’s work and forbidden things excepted', () => {
    expect(keyAllows([], { admin: 'nodes.read' })).toBe(true)
    expect(keyAllows([], 'public')).toBe(true)
    expect(keyAllows([], 'node')).toBe(false)
    expect(keyAllows(['*'], 'never')).toBe(false)
  })

  test('limited to a player’s list of servers does not see an administrator’s', () => {
    expect(keyAllows(['account:servers.read'], { account: 'servers.read' })).toBe(true)
    expect(keyAllows(['account:servers.read'], { admin: 'servers.read' })).toBe(false)
    expect(keyAllows(['servers.read'], { admin: 'servers.read' })).toBe(false)
    expect(keyAllows(['admin:*'], { admin: 'servers.read' })).toBe(true)
    expect(keyAllows(['control.start'], { server: 'control.start' })).toBe(true)
    expect(keyAllows(['server:*'], { server: 'control.start' })).toBe(true)
  })
})

describe('a form', () => {
  test('shows every permission of a catalogue in exactly one group', () => {
    for (const catalogue of [SERVER_PERMISSIONS, ADMIN_PERMISSIONS, ACCOUNT_PERMISSIONS]) {
      const shown = permissionGroups<string>(catalogue).flatMap((group) => group.permissions.map((row) => row.name))
      expect(shown.toSorted()).toEqual(Object.keys(catalogue).toSorted())
    }
    expect(permissionGroups(SERVER_PERMISSIONS)[1]?.name).toBe('control')
  })

  test('offers presets of which each holds the one before, and none hands out access', () => {
    expect(missingGrants(PRESETS.operator, PRESETS.viewer)).toEqual([])
    expect(missingGrants(PRESETS.manager, PRESETS.operator)).toEqual([])
    expect(PRESETS.manager.filter((permission) => permission.startsWith('user.'))).toEqual(['user.read'])
    expect(PRESETS.operator.filter((permission) => permission.endsWith('.delete'))).toEqual([])
    expect(presetOf(PRESETS.operator.toReversed())).toBe('operator')
    expect(presetOf(['file.read'])).toBeUndefined()
  })
})

describe('the authorisation matrix', () => {
  const matrix = authorisationMatrix({
    endpoints: CONTRACTS,
    topics: Object.entries(LIVE_TOPICS),
    commands: [['command', { permission: { server: 'control.console' } }]],
  })
  const verdicts = (door: string, value?: string | null) =>
    matrix.find((row) => row.door === door && row.value === value)?.verdicts

  test('has a verdict for every endpoint and every live topic', () => {
    const doors = new Set(matrix.map((row) => `${row.kind} ${row.door}`))
    for (const endpoint of CONTRACTS.keys()) expect(doors).toContain(`endpoint ${endpoint}`)
    for (const topic of Object.keys(LIVE_TOPICS)) expect(doors).toContain(`topic ${topic}`)
  })

  test('hides servers from strangers and refuses subusers without the permission', () => {
    expect(verdicts('powerServer', 'kill')).toEqual({
      anonymous: 'sign-in',
      'user-without-access': 'hidden',
      'subuser-without-permission': 'forbidden',
      'subuser-with-permission': 'allowed',
      owner: 'allowed',
      administrator: 'allowed',
      'limited-key': 'forbidden',
      node: 'sign-in',
    })
    expect(verdicts('createServer')).toMatchObject({ owner: 'forbidden', administrator: 'allowed' })
    expect(verdicts('getSystem')).toMatchObject({ anonymous: 'allowed', node: 'allowed' })
  })

  test('allows nobody an action that the contract does not list', () => {
    expect(new Set(Object.values(verdicts('powerServer', null) ?? {}))).toEqual(new Set(['invalid']))
  })

  test('opens to people only what is public, and never more to a key that is limited to something else', () => {
    for (const row of matrix.filter(({ required }) => required !== 'public' && required !== 'never')) {
      expect(row).toMatchObject({ verdicts: { anonymous: 'sign-in', 'limited-key': 'forbidden' } })
    }
  })

  test('refuses a contract that states no permission', () => {
    const forgotten = { permission: undefined as unknown as PermissionSpec }
    const invented = { permission: { wizard: 'spells.cast' } as unknown as PermissionSpec }
    expect(() => authorisationMatrix({ endpoints: [['castSpell', forgotten]] })).toThrow(
      'castSpell states no permission',
    )
    expect(() => authorisationMatrix({ endpoints: [['castSpell', invented]] })).toThrow('castSpell')
  })
})
