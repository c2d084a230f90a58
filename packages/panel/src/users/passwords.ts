import { AppError } from '@hatchery/core/errors'

/** OWASP's smallest argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const COMMON = new Set(
  'password password1 password12 password123 12345678 123456789 1234567890 qwertyui qwertyuiop qwerty123 iloveyou sunshine princess football baseball trustno1 superman starwars letmein1 welcome1 admin123 administrator minecraft hatchery 11111111 00000000 87654321 abcd1234 passw0rd changeme'.split(
    ' ',
  ),
)

/** Loaded by the first password, not by the first request. */
const argon2 = () => import('@node-rs/argon2')

export async function hashPassword(password: string): Promise<string> {
  const { hash } = await argon2()
  return hash(password, ARGON2)
}

export interface PasswordCheck {
  readonly isRight: boolean
  /** The hash is of an older kind or weaker than ours: replace it now that the password is known. */
  readonly isOutdated: boolean
}

/** Takes the same time for an account without a password, or without a person behind it. */
export async function checkPassword(password: string, stored: string | null): Promise<PasswordCheck> {
  if (stored === null) {
    await verifyArgon2(await decoy(), password)
    return { isRight: false, isOutdated: false }
  }
  if (/^\$2[aby]\$/.test(stored)) {
    const { compare } = await import('bcryptjs')
    const isRight = await compare(password, stored.replace(/^\$2[ay]\$/, '$2b$'))
    return { isRight, isOutdated: isRight }
  }
  const isRight = await verifyArgon2(stored, password)
  return { isRight, isOutdated: isRight && !stored.includes(`m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=1`) }
}

/** @throws AppError `PASSWORD_TOO_WEAK` */
export function requireStrongPassword(
  password: string,
  person: { readonly email: string; readonly username: string },
): void {
  const plain = password.toLowerCase()
  if (plain.length < 8) throw new AppError('PASSWORD_TOO_WEAK', { reason: 'use eight characters or more' })
  if (COMMON.has(plain)) throw new AppError('PASSWORD_TOO_WEAK', { reason: 'it is one of the most common ones' })
  if (new Set(plain).size < 4) throw new AppError('PASSWORD_TOO_WEAK', { reason: 'it repeats the same characters' })
  const names = [person.email, person.email.split('@')[0] ?? '', person.username].filter((name) => name.length >= 8)
  if (names.some((name) => plain === name.toLowerCase())) {
    throw new AppError('PASSWORD_TOO_WEAK', { reason: 'it is your own name' })
  }
}

let decoyHash: Promise<string> | undefined
function decoy(): Promise<string> {
  return (decoyHash ??= hashPassword('nobody has this password'))
}

async function verifyArgon2(stored: string, password: string): Promise<boolean> {
  const { verify } = await argon2()
  try {
    return await verify(stored, password)
  } catch {
    // Not a hash that can be read: no password fits it.
    return false
  }
}
