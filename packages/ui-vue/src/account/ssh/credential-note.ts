import { useI18n } from 'vue-i18n'
import { useFormat } from '../../i18n/useFormat.ts'

interface Credential {
  readonly lastUsedAt: number | null
  readonly lastUsedIp: string | null
  readonly expiresAt: number | null
  readonly servers: readonly string[] | null
  readonly allowedIps: readonly string[] | null
}

/** Says in one line when a key or app password was used, how long it is good, and what it is bound to. */
export function useCredentialNote(now: () => number = Date.now): (credential: Credential) => string {
  const { t } = useI18n()
  const format = useFormat()
  return ({ lastUsedAt, lastUsedIp, expiresAt, servers, allowedIps }) =>
    [
      lastUsedAt === null ? t('ssh.neverUsed') : t('ssh.used', { when: format.ago(lastUsedAt), ip: lastUsedIp ?? '' }),
      expiresAt === null
        ? ''
        : t(expiresAt <= now() ? 'ssh.expired' : 'ssh.expires', { date: format.dateTime(expiresAt) }),
      servers && t('ssh.boundServers', servers.length),
      allowedIps && t('ssh.boundIps', { list: allowedIps.join(', ') }),
    ]
      .filter(Boolean)
      .join(' · ')
}
