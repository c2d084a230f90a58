/**
 * Addresses that nobody may make the panel connect to (S-57): ends and middle of every block that is not public, in every
 * dress, as they may stand in a URL.
 */
const BLOCKS_4: readonly (readonly [first: string, last: string])[] = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.1', '127.255.255.254'],
  ['168.63.129.16', '168.63.129.16'],
  ['169.254.0.1', '169.254.169.254'],
  ['172.16.0.1', '172.31.255.255'],
  ['172.17.0.1', '172.18.0.1'],
  ['192.0.0.0', '192.0.0.192'],
  ['192.0.2.1', '192.0.2.255'],
  ['192.88.99.1', '192.88.99.255'],
  ['192.168.0.1', '192.168.255.255'],
  ['198.18.0.1', '198.19.255.255'],
  ['198.51.100.1', '198.51.100.255'],
  ['203.0.113.1', '203.0.113.255'],
  ['224.0.0.1', '239.255.255.255'],
  ['240.0.0.1', '255.255.255.255'],
  ['100.100.100.200', '10.96.0.1'],
]

const bytesOf = (address: string) => address.split('.').map(Number)
const numberOf = (address: string) => bytesOf(address).reduce((sum, byte) => sum * 256 + byte, 0)
const hexOf = (address: string) => bytesOf(address).map((byte) => byte.toString(16).padStart(2, '0'))
const groups = (address: string) => {
  const [a, b, c, d] = hexOf(address)
  return `${a}${b}:${c}${d}`
}

/** One IPv4 address in the ways that something in the field has taken it. */
function dressesOf(address: string): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = bytesOf(address)
  return [
    address,
    String(numberOf(address)),
    `0x${hexOf(address).join('')}`,
    bytesOf(address)
      .map((byte) => `0${byte.toString(8)}`)
      .join('.'),
    `${a}.${b}.${c * 256 + d}`,
    `[::ffff:${address}]`,
    `[::ffff:${groups(address)}]`,
    `[64:ff9b::${address}]`,
  ]
}

const IPV6 = [
  '[::]',
  '[::1]',
  '[::127.0.0.1]',
  '[::169.254.169.254]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[100::1]',
  '[2001::1]',
  '[2001:0:7f00:1::]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:db8::1]',
  '[2001:db8:ffff::1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2002:808:808::1]',
  '[3fff::1]',
  '[3fff:fff::1]',
  '[5f00::1]',
  '[4000::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fdff:ffff::1]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[ff0e::1]',
  '[ffff::1]',
]

const WORDS = ['localhost', 'LOCALHOST', '127.1', '127.0.1', '0', '0x7f.1', '0177.1', '127。0。0。1', '１２７.0.0.1']

/** More than 250 hosts as they stand in a URL. */
export const REFUSED_HOSTS: readonly string[] = [...new Set([...BLOCKS_4.flat().flatMap(dressesOf), ...IPV6, ...WORDS])]

/** Not fetched at all, whatever the host. */
export const REFUSED_URLS: readonly string[] = [
  'file:///etc/passwd',
  'ftp://example.com/',
  'gopher://example.com/_x',
  'unix:/var/run/docker.sock',
  'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
  'data:application/json,{}',
  'javascript:alert(1)',
  'ws://example.com/',
  'https://user:secret@example.com/',
  'https://user@example.com/',
  'https://example.com:secret@127.0.0.1/',
  'http://',
  '//example.com/egg.json',
  '/etc/passwd',
  'http://[::1',
  'http://127.0.0.1:99999/',
  'http://exa mple.com/',
  '',
]
