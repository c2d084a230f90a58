import type { SftpAddress } from '@hatchery/core/sdk'

export interface ConnectCommand {
  /** The program, which is also its name on the page. */
  readonly program: 'sftp' | 'scp' | 'sshfs' | 'rclone'
  readonly command: string
}

/** An IPv6 address stands in brackets wherever something follows it. */
const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** The address that SFTP programs take, such as FileZilla, WinSCP and Cyberduck. */
export function sftpUrl({ host, port, username }: SftpAddress): string {
  return `sftp://${encodeURIComponent(username)}@${bracketed(host)}:${port}/`
}

/** What to type on a command line; a client asks for the password if there is no key. */
export function connectCommands({ host, port, username }: SftpAddress): readonly ConnectCommand[] {
  const at = `${username}@${bracketed(host)}`
  return [
    { program: 'sftp', command: `sftp -P ${port} ${username}@${host}` },
    { program: 'scp', command: `scp -P ${port} file.txt ${at}:` },
    { program: 'sshfs', command: `sshfs -p ${port} ${at}:/ ~/server` },
    { program: 'rclone', command: `rclone lsf ":sftp,host='${host}',port=${port},user=${username}:"` },
  ]
}

export function shellCommand({ host, port, username }: SftpAddress): string {
  return `ssh -p ${port} ${username}@${host}`
}
