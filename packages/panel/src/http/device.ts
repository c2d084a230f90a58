import type { IncomingMessage } from 'node:http'
import type { SecretBox } from '../secrets/secret-box.ts'
import { cookie, DEVICE_COOKIE, readCookie } from './cookies.ts'

const PLACE = 'cookie:device'
const LIFETIME_S = 365 * 24 * 3600

/** The cookie that marks a browser as one this account has signed in with. */
export function deviceCookie(secrets: SecretBox, userUuid: string, isSecure: boolean): string {
  return cookie(DEVICE_COOKIE, secrets.encrypt(userUuid, PLACE), { isSecure, maxAgeSeconds: LIFETIME_S })
}

/** The account that the browser has signed in to before. */
export function readDevice(secrets: SecretBox, request: IncomingMessage): string | null {
  return openDevice(secrets, readCookie(request, DEVICE_COOKIE))
}

export function openDevice(secrets: SecretBox, value: string | undefined): string | null {
  if (value === undefined) return null
  try {
    return Buffer.from(secrets.decrypt(value, PLACE)).toString('utf8')
  } catch {
    // Made by somebody else or under an older key: an unknown device.
    return null
  }
}
