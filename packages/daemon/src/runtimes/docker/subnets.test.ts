import { expect, test } from 'vitest'
import { chooseSubnet, parseCidr, parseRoutes, type Range } from './subnets.ts'

test('takes the first range that nobody has', () => {
  const taken = ['10.213.0.0/28', '10.213.0.32/27', '192.168.0.0/16'].map(parseCidr)
  expect(chooseSubnet('10.213.0.0/16', taken)).toBe('10.213.0.16/28')
  expect(chooseSubnet('10.213.0.0/16', [...taken, parseCidr('10.213.0.16/28')])).toBe('10.213.0.64/28')
})

test('says so when a pool is used up, at once and after 4096 servers', () => {
  expect(chooseSubnet('10.213.0.0/16', [parseCidr('10.0.0.0/8')])).toBeNull()
  const taken: Range[] = []
  for (let next = chooseSubnet('10.213.0.0/20', taken); next; next = chooseSubnet('10.213.0.0/20', taken))
    taken.push(parseCidr(next))
  expect(taken).toHaveLength(256)
})

test('reads the routes of the kernel and leaves the default route out', () => {
  const text = `Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`
  expect(parseRoutes(text)).toEqual([parseCidr('172.17.0.0/16')])
})

test.each(['10.0.0.0', '10.0.0.256/8', 'x/8', '10.0.0.0/33'])('refuses %s', (text) => {
  expect(() => parseCidr(text)).toThrow('is not an IPv4 range')
})
