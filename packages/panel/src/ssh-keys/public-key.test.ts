import { AppError } from '@hatchery/core/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeKey } from './keygen.test-data.ts'
import { parsePublicKey } from './public-key.ts'

const reasonOf = (text: string): string => {
  try {
    parsePublicKey(text)
  } catch (error) {
    if (error instanceof AppError && error.code === 'SSH_KEY_INVALID') return String(error.details['reason'])
    throw error
  }
  return 'none'
}

const wire = (...strings: (string | Buffer)[]): string =>
  Buffer.concat(
    strings.flatMap((part) => {
      const bytes = Buffer.from(part)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  ).toString('base64')

describe('keys that OpenSSH makes', () => {
  test.each([
    ['ed25519', undefined, 'ssh-ed25519'],
    ['rsa', 2048, 'ssh-rsa'],
    ['rsa', 3072, 'ssh-rsa'],
    ['ecdsa', 256, 'ecdsa-sha2-nistp256'],
    ['ecdsa', 384, 'ecdsa-sha2-nistp384'],
    ['ecdsa', 521, 'ecdsa-sha2-nistp521'],
  ] as const)(
    '%s %s are read in both forms, with the fingerprint that ssh-keygen prints',
    async (type, bits, algorithm) => {
      const made = await makeKey(type, bits)
      const fromOpenSsh = parsePublicKey(made.publicKey)
      expect(fromOpenSsh).toMatchObject({ algorithm, fingerprint: made.fingerprint, comment: 'ada@laptop' })
      expect(fromOpenSsh.blob.toString('base64')).toBe(made.wire)
      const fromRfc = parsePublicKey(made.rfc4716)
      expect(fromRfc.blob.equals(fromOpenSsh.blob)).toBe(true)
      expect(fromRfc.comment).toContain('converted by')
      expect(parsePublicKey(made.rfc4716.replaceAll('\n', '\r\n')).fingerprint).toBe(made.fingerprint)
      const withOptions = `from="192.0.2.1,*.example.com",command="echo \\"hi there\\"" ${made.publicKey}`
      expect(parsePublicKey(withOptions).fingerprint).toBe(made.fingerprint)
    },
  )

  test('no changed byte makes anything but another key or a refusal', async () => {
    const made = await makeKey('ecdsa', 256)
    const blob = Buffer.from(made.wire, 'base64')
    fc.assert(
      fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = Buffer.from(blob)
        other[at]! ^= change
        // A point that is not on its curve is no key.
        expect(reasonOf(`ecdsa-sha2-nistp256 ${other.toString('base64')}`)).not.toBe('none')
      }),
    )
  })
})

describe('what is refused, and why', () => {
  test('weak keys, private keys and kinds that nobody can use here', async () => {
    const weak = await makeKey('rsa', 1024)
    expect(reasonOf(weak.publicKey)).toContain('1024 bits is too weak')
    const made = await makeKey('ed25519')
    expect(reasonOf(made.privateKey)).toContain('private key')
    expect(reasonOf('PuTTY-User-Key-File-3: ssh-ed25519')).toContain('private key')
    expect(reasonOf(`ssh-dss ${wire('ssh-dss', 'x')}`)).toContain('DSA is broken')
    const token = wire('sk-ssh-ed25519@openssh.com', Buffer.alloc(32), 'ssh:')
    expect(reasonOf(`sk-ssh-ed25519@openssh.com ${token}`)).toContain('security tokens')
    expect(reasonOf(`ssh-rsa ${wire('ssh-rsa-cert-v01@openssh.com')}`)).toContain('certificates')
    expect(reasonOf(`${made.publicKey}${made.publicKey}`)).toContain('one key at a time')
    expect(reasonOf(made.rfc4716.split('\n').slice(0, -2).join('\n'))).toContain('last line')
  })

  test.each([
    ['', 'does not begin'],
    ['hello', 'does not begin'],
    ['ssh-ed25519', 'does not begin'],
    ['ssh-ed25519 ???', 'not base64'],
    [`ssh-ed25519 ${wire('ssh-ed25519', Buffer.alloc(31))}`, '32 bytes'],
    [`ssh-ed25519 ${wire('ssh-ed25519', Buffer.alloc(32), 'more')}`, 'behind its end'],
    [`ssh-ed25519 ${wire('ssh-ed25519').slice(0, 12)}`, 'cut off'],
    [`ssh-rsa ${wire('ssh-rsa', Buffer.of(3), Buffer.of(0x80, 1))}`, 'not a key'],
    [`ssh-rsa ${wire('ssh-rsa', Buffer.of(2), Buffer.alloc(300, 0x7f))}`, 'not a key'],
    [`ssh-rsa ${wire('ssh-rsa', Buffer.of(3), Buffer.alloc(4000, 0x7f))}`, 'larger than is taken'],
    [`ecdsa-sha2-nistp256 ${wire('ecdsa-sha2-nistp256', 'nistp384', Buffer.alloc(65, 4))}`, 'not a key'],
    [`ssh-ed25519 ${'A'.repeat(20_000)}`, 'longer than any key'],
  ])('%#: %s', (text, reason) => {
    expect(reasonOf(text)).toContain(reason)
  })

  test('whatever somebody sends ends in a key or in SSH_KEY_INVALID', () => {
    const blob = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    const algorithm = fc.constantFrom('ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-dss')
    const framed = fc.tuple(algorithm, fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 3 }))
    fc.assert(fc.property(fc.string(), (text) => void reasonOf(text)))
    fc.assert(fc.property(algorithm, blob, (name, base64) => void reasonOf(`${name} ${base64}`)))
    fc.assert(
      fc.property(framed, ([name, parts]) => {
        void reasonOf(`${name} ${wire(name, ...parts.map((part) => Buffer.from(part)))}`)
      }),
    )
  })
})
