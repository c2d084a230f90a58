import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chooseAllocation,
  compareAllocations,
  expandAddresses,
  expandAllocations,
  formatAddress,
  formatIp,
  isAnyAddress,
  parseIp,
  parsePorts,
  placeServer,
  type PlacementNode,
} from './index.ts'

const invalid = expect.objectContaining({ code: 'ALLOCATION_RANGE_INVALID', status: 422 })

/** `fine` for at most 65,536 addresses, else the code of the error. */
function outcomeOf(expand: () => readonly string[]): string {
  try {
    return expand().length <= 65_536 ? 'fine' : 'too many'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe('ports', () => {
  test('and ranges become one rising list without repetitions', () => {
    expect(parsePorts(['25567', '25565-25567', ' 80 '])).toEqual([80, 25565, 25566, 25567])
    expect(parsePorts(['1-65535'])).toHaveLength(65_535)
  })

  test.each(['', '0', '0-5', '65536', '1-65536', '20-10', '-5', '5-', '1e3', '80,81', '٣'])(
    '%j is refused',
    (range) => {
      expect(() => parsePorts([range])).toThrow(invalid)
    },
  )

  test('none at all are refused', () => expect(() => parsePorts([])).toThrow(invalid))

  test('hold exactly what the ranges say', () => {
    const port = fc.integer({ min: 1, max: 65_535 })
    const range = fc
      .tuple(port, fc.nat({ max: 50 }))
      .map(([from, more]) => [from, Math.min(65_535, from + more)] as const)
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), (ranges) => {
        const ports = parsePorts(ranges.map(([from, to]) => `${from}-${to}`))
        expect(ports).toEqual([...new Set(ports)].toSorted((a, b) => a - b))
        for (const [from, to] of ranges) expect(ports).toEqual(expect.arrayContaining([from, to]))
        expect(ports.every((one) => ranges.some(([from, to]) => one >= from && one <= to))).toBe(true)
      }),
    )
  })
})

describe('addresses', () => {
  test('of a block are all of it', () => {
    expect(expandAddresses('192.0.2.10')).toEqual(['192.0.2.10'])
    expect(expandAddresses('192.0.2.0/30')).toEqual(['192.0.2.0', '192.0.2.1', '192.0.2.2', '192.0.2.3'])
    expect(expandAddresses('2001:DB8::10/127')).toEqual(['2001:db8::10', '2001:db8::11'])
    expect(expandAddresses('10.0.0.0/16')).toHaveLength(65_536)
    expect(expandAddresses('2001:db8::/112')).toHaveLength(65_536)
    expect(expandAddresses('0.0.0.0')).toEqual(['0.0.0.0'])
  })

  test('of any block are in it, rising, and as many as its prefix says', () => {
    const block = fc.tuple(fc.integer({ min: 0, max: 0xdfffffff }), fc.integer({ min: 22, max: 32 }))
    fc.assert(
      fc.property(block, ([number, prefix]) => {
        const start = Number((BigInt(number) >> BigInt(32 - prefix)) << BigInt(32 - prefix))
        const base = formatIp({ family: 4, value: BigInt(start) })
        const addresses = expandAddresses(`${base}/${prefix}`)
        const list = new BlockList()
        list.addSubnet(base, prefix)
        expect(addresses).toHaveLength(2 ** (32 - prefix))
        expect(addresses.every((address) => list.check(address))).toBe(true)
        expect(new Set(addresses).size).toBe(addresses.length)
      }),
    )
  })

  test.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '010.0.0.1',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '1.2.3.4/08',
    '1.2.3.4/30/2',
    '192.0.2.5/28',
    '10.0.0.0/15',
    '::/64',
    '2001:db8::/111',
    '1::2::3',
    '1:2:3:4:5:6:7',
    'fe80::1%eth0',
    '::ffff:192.0.2.1',
    '::ffff:c000:201',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '2001:db8::1/129',
  ])('%j is refused with a reason', (text) => {
    expect(() => expandAddresses(text)).toThrow(invalid)
  })

  test('that do not begin a block are refused with the block that was meant', () => {
    expect(() => expandAddresses('192.0.2.5/28')).toThrow('write 192.0.2.0/28')
  })

  test('in any text never break the reader', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:./]{0,45}$/)),
        (text) => {
          const address = parseIp(text)
          expect(address === undefined || isIP(text) === address.family).toBe(true)
          expect(address && parseIp(formatIp(address))).toEqual(address)
          expect(outcomeOf(() => expandAddresses(text))).toMatch(/^(fine|ALLOCATION_RANGE_INVALID)$/)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('of version 6 are read and written as the platform does', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.nat({ max: 127 }), (number, shift) => {
        const value = number >> BigInt(shift)
        fc.pre(value >> 32n !== 0xffffn && value >> 32n !== 0n)
        const text = formatIp({ family: 6, value })
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`)
        expect(parseIp(text)).toEqual({ family: 6, value })
      }),
    )
  })

  test('with ports are bounded together', () => {
    expect(expandAllocations('192.0.2.0/31', ['1-2'])).toEqual([
      { ip: '192.0.2.0', port: 1 },
      { ip: '192.0.2.0', port: 2 },
      { ip: '192.0.2.1', port: 1 },
      { ip: '192.0.2.1', port: 2 },
    ])
    expect(expandAllocations('10.0.0.0/24', ['1-256'])).toHaveLength(65_536)
    expect(() => expandAllocations('10.0.0.0/24', ['1-257'])).toThrow(invalid)
  })

  test('are shown as a player types them', () => {
    expect(formatAddress('192.0.2.1', 25565)).toBe('192.0.2.1:25565')
    expect(formatAddress('2001:db8::1', 25565)).toBe('[2001:db8::1]:25565')
    expect(formatAddress('192.0.2.1', 25565, 'play.example.com')).toBe('play.example.com:25565')
    expect(formatAddress('192.0.2.1', 25565, null)).toBe('192.0.2.1:25565')
    expect(isAnyAddress('::') && isAnyAddress('0.0.0.0') && !isAnyAddress('::1')).toBe(true)
  })
})

describe('choosing an address', () => {
  const free = [
    { ip: '2001:db8::1', port: 1 },
    { ip: '192.0.2.10', port: 25565 },
    { ip: '192.0.2.9', port: 25570 },
    { ip: '192.0.2.9', port: 25566 },
  ]

  test('takes the lowest, by number and not by text', () => {
    expect(chooseAllocation(free)).toEqual({ ip: '192.0.2.9', port: 25566 })
    expect(chooseAllocation([...free].reverse())).toEqual({ ip: '192.0.2.9', port: 25566 })
    expect(free.toSorted(compareAllocations).at(-1)).toEqual({ ip: '2001:db8::1', port: 1 })
  })

  test('keeps to the ports and the address that are asked for', () => {
    expect(chooseAllocation(free, { ports: parsePorts(['25567-25600']) })).toEqual({ ip: '192.0.2.9', port: 25570 })
    expect(chooseAllocation(free, { ip: '192.0.2.10' })?.port).toBe(25565)
    expect(chooseAllocation(free, { ip: '192.0.2.11' })).toBeUndefined()
    expect(chooseAllocation([], { order: 'random' })).toBeUndefined()
  })

  test('by chance reaches every one, and nothing else', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (roll) => {
        expect(free).toContain(chooseAllocation(free, { order: 'random', random: () => roll }))
      }),
    )
    const seen = [0, 0.25, 0.5, 0.75].map((roll) => chooseAllocation(free, { order: 'random', random: () => roll }))
    expect(new Set(seen).size).toBe(4)
  })
})

describe('placing a server', () => {
  const none = { memoryMiB: 0, diskMiB: 0, cpuPercent: 0 }
  const node = (name: string, change: Partial<PlacementNode> = {}): PlacementNode => ({
    id: `id-${name}`,
    name,
    isOnline: true,
    isMaintenance: false,
    capacity: { memoryMiB: 1000, diskMiB: 0, cpuPercent: 0 },
    allocated: none,
    freeAllocationCount: 5,
    ...change,
  })
  const limits = { memoryMiB: 400, diskMiB: 100, cpuPercent: 100 }

  test('says of every node why it was chosen or passed over', () => {
    const nodes = [
      node('asleep', { isOnline: false }),
      node('busy', { allocated: { ...none, memoryMiB: 700 } }),
      node('closed', { isMaintenance: true }),
      node('empty', { capacity: { ...none, memoryMiB: 4000 } }),
      node('full', { freeAllocationCount: 0 }),
      node('small'),
    ]
    expect(placeServer(nodes, { limits })).toEqual({
      node: 'id-empty',
      considered: [
        { node: 'id-empty', name: 'empty', fits: true, reason: 'Chosen: keeps 90 % of its memory free.' },
        {
          node: 'id-small',
          name: 'small',
          fits: true,
          reason: 'Fits (keeps 60 % of its memory free), but empty suits better.',
        },
        { node: 'id-asleep', name: 'asleep', fits: false, reason: 'It is offline.' },
        { node: 'id-busy', name: 'busy', fits: false, reason: 'It has 300 MiB of memory left; 400 MiB are wanted.' },
        { node: 'id-closed', name: 'closed', fits: false, reason: 'It is in maintenance.' },
        { node: 'id-full', name: 'full', fits: false, reason: 'It has no free address.' },
      ],
    })
  })

  test('counts 0 as not limited, on nodes and on servers', () => {
    const unlimited = node('endless', { capacity: none, allocated: { ...none, memoryMiB: 9000 } })
    expect(placeServer([unlimited, node('small')], { limits }).node).toBe('id-endless')
    const crowded = node('crowded', { allocated: { ...none, memoryMiB: 1200 } })
    expect(placeServer([crowded], { limits: none }).node).toBe('id-crowded')
  })

  test('keeps to the node, the location and the number of addresses that are asked for', () => {
    const nodes = [node('a', { location: 'fra' }), node('b', { location: 'nyc', freeAllocationCount: 2 })]
    expect(placeServer(nodes, { limits, node: 'id-b' }).node).toBe('id-b')
    expect(placeServer(nodes, { limits, location: 'nyc' }).node).toBe('id-b')
    expect(placeServer(nodes, { limits, location: 'nyc', allocationCount: 3 })).toMatchObject({ node: null })
    expect(placeServer([], { limits })).toEqual({ node: null, considered: [] })
  })

  const amount = fc.nat({ max: 5000 })
  const resources = fc.record({ memoryMiB: amount, diskMiB: amount, cpuPercent: amount })
  const anyNode = fc.record({
    id: fc.uuid(),
    name: fc.string({ minLength: 1, maxLength: 3 }),
    isOnline: fc.boolean(),
    isMaintenance: fc.boolean(),
    capacity: resources,
    allocated: resources,
    freeAllocationCount: fc.nat({ max: 3 }),
  })
  const anyNodes = fc.uniqueArray(anyNode, { selector: ({ id }) => id, maxLength: 12 })

  test('never overfills a node, leaves none out, and chooses one whenever one fits', () => {
    fc.assert(
      fc.property(anyNodes, resources, (nodes, wanted) => {
        const result = placeServer(nodes, { limits: wanted })
        expect(result.considered.map((row) => row.node).toSorted()).toEqual(nodes.map(({ id }) => id).toSorted())
        expect(result.node).toBe(result.considered.find((row) => row.fits)?.node ?? null)
        expect(result.considered.every(({ reason }) => reason.length > 0)).toBe(true)
        const chosen = nodes.find(({ id }) => id === result.node)
        if (!chosen) return
        expect(chosen.isOnline && !chosen.isMaintenance && chosen.freeAllocationCount > 0).toBe(true)
        for (const key of ['memoryMiB', 'diskMiB', 'cpuPercent'] as const) {
          if (chosen.capacity[key] === 0 || wanted[key] === 0) continue
          expect(chosen.allocated[key] + wanted[key]).toBeLessThanOrEqual(chosen.capacity[key])
        }
      }),
    )
  })

  test('gives the same answer in whatever order the nodes come', () => {
    fc.assert(
      fc.property(
        anyNodes.chain((nodes) =>
          fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
        ),
        resources,
        ([nodes, shuffled], wanted) => {
          expect(placeServer(shuffled, { limits: wanted })).toEqual(placeServer(nodes, { limits: wanted }))
        },
      ),
    )
  })
})
