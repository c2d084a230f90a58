import { expect, test } from 'vitest'
import { guarded } from './file-errors.ts'

test('a quota that is full is a full disk, although Node knows no name for it', async () => {
  const failure = Object.assign(new Error('Unknown system error -122'), {
    errno: -122,
    code: 'Unknown system error -122',
  })
  await expect(guarded('world', () => Promise.reject(failure))).rejects.toMatchObject({
    code: 'DISK_FULL',
    details: { reason: 'EDQUOT' },
  })
})
