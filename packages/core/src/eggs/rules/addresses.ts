import { once } from '../once.ts'

export function isIpv4(value: string): boolean {
  const parts = value.split('.')
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

export function isIpv6(value: string): boolean {
  if (value.length > 45 || !value.includes(':')) return false
  const halves = value.split('::')
  if (halves.length > 2) return false
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const all = groups.flat()
  const last = all.at(-1)
  const isMixed = last !== undefined && last.includes('.')
  // Only the very last part may be an IPv4 address.
  if (isMixed && (!isIpv4(last) || groups.at(-1)?.length === 0)) return false
  const hex = isMixed ? all.slice(0, -1) : all
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  const count = hex.length + (isMixed ? 2 : 0)
  return halves.length === 2 ? count <= 7 : count === 8
}

/** Registered schemes, without those that no host follows. */
const SCHEMES = once(
  () =>
    new Set(
      (
        'aaa aaas acap acct adiumxtra afp afs aim amss android appdata apt attachment aw barion beshare bitcoin ' +
        'bitcoincash bolo browserext callto cap chrome chrome-extension cid coap coap+tcp coap+ws coaps coaps+tcp ' +
        'coaps+ws com-eventbrite-attendee content conti crid cvs dab data dav diaspora dict did dis ' +
        'dlna-playcontainer dlna-playsingle dns dntp dpp drm drop dtn dvb ed2k elsi example facetime fax feed ' +
        'feedready file filesystem finger first-run-pen-experience fish fm ftp fuchsia-pkg geo gg git gizmoproject ' +
        'go gopher graph gtalk h323 ham hcap hcp http https hxxp hxxps hydrazone iax icap icon im imap info iotdisco ' +
        'ipn ipp ipps irc irc6 ircs iris iris.beep iris.lwz iris.xpc iris.xpcs isostore itms jabber jar jms ' +
        'keyparc lastfm ldap ldaps leaptofrogans lorawan lvlt magnet mailserver mailto maps market message mid mms ' +
        'modem mongodb moz ms-access ms-browser-extension ms-calculator ms-drive-to ms-enrollment ms-excel ' +
        'ms-eyecontrolspeech ms-gamebarservices ms-gamingoverlay ms-getoffice ms-help ms-infopath ms-inputapp ' +
        'ms-lockscreencomponent-config ms-media-stream-id ms-mixedrealitycapture ms-mobileplans ms-officeapp ' +
        'ms-people ms-project ms-powerpoint ms-publisher ms-restoretabcompanion ms-screenclip ms-screensketch ' +
        'ms-search ms-search-repair ms-secondary-screen-controller ms-secondary-screen-setup ms-settings ' +
        'ms-spd ms-sttoverlay ms-transit-to ms-useractivityset ms-virtualtouchpad ms-visio ms-walk-to ' +
        'ms-whiteboard ms-whiteboard-cmd ms-word msnim msrp msrps mss mtqp mumble mupdate mvn news nfs ni nih ' +
        'nntp notes ocf oid onenote onenote-cmd opaquelocktoken openpgp4fpr pack palm paparazzi payto pkcs11 ' +
        'platform pop pres prospero proxy pwid psyc pttp qb query redis rediss reload res resource rmi rsync ' +
        'rtmfp rtmp rtsp rtsps rtspu s3 secondlife service session sftp sgn shttp sieve simpleledger sip sips ' +
        'skype smb sms smtp snews snmp soap.beep soap.beeps soldat spiffe spotify ssh steam stun stuns submit svn ' +
        'tag teamspeak tel teliaeid telnet tftp tg things thismessage tip tn3270 tool ts3server turn turns tv udp ' +
        'unreal urn ut2004 v-event vemmi ventrilo videotex vnc view-source wais webcal wpid ws wss wtai wyciwyg ' +
        'xcon xcon-userid xfire xmlrpc.beep xmlrpc.beeps xmpp xri ymsgr z39.50 z39.50r z39.50s'
      ).split(' '),
    ),
)

const ESCAPE = '%[0-9A-Fa-f]{2}'
const USER = once(() => new RegExp(`^(?:(?:[_.\\p{L}\\p{N}-]|${ESCAPE})+:)?(?:[_.\\p{L}\\p{N}-]|${ESCAPE})+$`, 'u'))
const HOST = once(() => /^[\p{L}\p{N}\p{S}\-_.]+$/u)
const LABEL_END = once(() => /(?:[\p{L}\p{N}]|xn--[\p{L}\p{N}-]+)$/iu)
const PATH = once(() => new RegExp(`^(?:/(?:[\\p{L}\\p{N}\\-._~!$&'()*+,;=:@]|${ESCAPE})*)*$`, 'u'))
const QUERY = once(() => new RegExp(`^(?:[\\p{L}\\p{N}\\-._~!$&'[\\]()*+,;=:@/?]|${ESCAPE})*$`, 'u'))
const FRAGMENT = once(() => new RegExp(`^(?:[\\p{L}\\p{N}\\-._~!$&'()*+,;=:@/?]|${ESCAPE})*$`, 'u'))

/** Laravel's `url`: a known scheme, a host (a bare name will do), and the rest. */
export function isHttpUrl(written: string, schemes: readonly (string | null)[], laravel: 11 | 13): boolean {
  const value = written.endsWith('\n') ? written.slice(0, -1) : written
  if (value.length > 8192) return false
  const found = /^([a-z0-9+.-]+):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/isu.exec(value)
  if (!found) return false
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = found
  const allowed = schemes.filter((item) => item !== null && item !== '')
  const isKnown = allowed.length > 0 ? allowed.includes(scheme.toLowerCase()) : SCHEMES().has(scheme.toLowerCase())
  if (!isKnown || !PATH().test(path) || !QUERY().test(query) || !FRAGMENT().test(fragment)) return false

  const at = authority.lastIndexOf('@')
  if (at >= 0 && !USER().test(authority.slice(0, at))) return false
  const host = authority.slice(at + 1).replace(/:\d+$/, '')
  const bracketed = /^\[(.*)\]$/.exec(host)
  if (bracketed) return isIpv6(bracketed[1] ?? '')
  const bare = host.endsWith('.') ? host.slice(0, -1) : host
  return HOST().test(host) && LABEL_END().test(bare) && (laravel === 13 || [...bare].length > 1)
}
