import { expect, test } from 'vitest'
import { allocateSubnet, allocateUid } from './server-identity.ts'

test('each server gets the lowest free uid of the range', () => {
  expect(allocateUid({ first: 988_000, count: 10 }, [988_000, 988_002])).toBe(988_001)
  expect(() => allocateUid({ first: 1, count: 2 }, [1, 2])).toThrow(expect.objectContaining({ code: 'NODE_FULL' }))
})

test('each server gets a /28 of its own that no route of the machine overlaps', () => {
  expect(allocateSubnet('10.213.0.0/16', [], [])).toBe('10.213.0.0/28')
  expect(allocateSubnet('10.213.0.0/16', ['10.213.0.0/28', '10.213.0.32/28'], [])).toBe('10.213.0.16/28')
  expect(allocateSubnet('10.213.0.0/16', [], ['10.213.0.7/27', '192.168.1.0/24'])).toBe('10.213.0.32/28')
  expect(allocateSubnet('10.213.0.0/27', ['10.213.0.0/28', '10.213.0.16/28'], [])).toBeNull()
  expect(allocateSubnet('10.213.0.0/16', [], ['10.0.0.0/8'])).toBeNull()
})
