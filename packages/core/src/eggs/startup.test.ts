import { describe, expect, test } from 'vitest'
import { labServer } from './corpus.test-data.ts'
import type { Egg } from './model.ts'
import { parseEgg } from './parse.ts'
import { environmentOf, renderStartup } from './startup.ts'
import { stopMethodOf } from './stop.ts'

async function eggWith(startup: string, names: Record<string, string> = {}, stop = ''): Promise<Egg> {
  const variables = Object.entries(names).map(([env_variable, default_value]) => ({
    name: 'x',
    env_variable,
    default_value,
  }))
  const { egg } = await parseEgg({ meta: { version: 'PTDL_v2' }, name: 'x', startup, variables, config: { stop } })
  if (!egg) throw new Error('the egg was not read')
  return egg
}

describe('renderStartup', () => {
  test('puts in values and defaults, and leaves the rest to the shell', async () => {
    const egg = await eggWith('./run -p {{SERVER_PORT}} ${PASS:+-pw {{PASS}}} "{{MOTD}}" {{NOPE}} {{ X }}', {
      PASS: 'a',
      MOTD: 'hi',
    })
    const server = { ...labServer, variables: { MOTD: 'cost $5 & more' } }
    expect(renderStartup(egg, server)).toBe('./run -p 25565 ${PASS:+-pw a} "cost $5 & more" {{NOPE}} {{ X }}')
  })

  test('takes another command of the egg', async () => {
    expect(renderStartup(await eggWith('one'), labServer, 'two {{SERVER_MEMORY}}')).toBe('two 4096')
  })

  test('is substitution, once', async () => {
    expect(renderStartup(await eggWith('{{A}}', { A: '{{B}}', B: 'x' }), labServer)).toBe('{{B}}')
    expect(renderStartup(await eggWith('{{constructor}} {{__proto__}}'), labServer)).toBe(
      '{{constructor}} {{__proto__}}',
    )
  })
})

describe('environmentOf', () => {
  test('holds the server, the variables, and their names in upper case', async () => {
    const environment = environmentOf(await eggWith('run', { hostname: 'box', MAP: 'de' }), labServer)
    expect(environment).toMatchObject({
      TZ: 'Europe/Brussels',
      STARTUP: 'run',
      SERVER_MEMORY: '4096',
      SERVER_IP: '192.0.2.10',
      SERVER_PORT: '25565',
      P_SERVER_UUID: labServer.uuid,
      P_SERVER_LOCATION: 'lab',
      P_SERVER_ALLOCATION_LIMIT: '3',
      hostname: 'box',
      HOSTNAME: 'box',
      MAP: 'de',
    })
  })

  test('lets no variable of the egg take the place of one of the server', async () => {
    const egg = await eggWith('run', { SERVER_PORT: '1', STARTUP: 'evil', server_ip: '6.6.6.6', __proto__x: 'y' })
    expect(environmentOf(egg, labServer)).toMatchObject({
      SERVER_PORT: '25565',
      STARTUP: 'run',
      SERVER_IP: '192.0.2.10',
    })
  })

  test('writes STARTUP so that a shell takes values from the environment', async () => {
    const egg = await eggWith('run {{PASS}} {{hostname}} {{NOPE}}', { PASS: 'pa$$word`id`', hostname: 'h' })
    expect(environmentOf(egg, labServer)['STARTUP']).toBe('run ${PASS} ${hostname} {{NOPE}}')
  })

  test('leaves no double brace that an entrypoint would turn into a single one', async () => {
    const egg = await eggWith('run ${PASS:+-pw {{PASS}}}', { PASS: 'a' })
    expect(environmentOf(egg, labServer)['STARTUP']).toBe('run ${PASS:+-pw $PASS}')
  })

  test('keeps a variable named like a property of every object', async () => {
    const environment = environmentOf(await eggWith('run', Object.fromEntries([['__proto__', 'x']])), labServer)
    expect(Object.getOwnPropertyDescriptor(environment, '__proto__')?.value).toBe('x')
  })
})

describe('stopMethodOf', () => {
  test.each([
    ['^C', { type: 'signal', signal: 'SIGINT' }],
    ['^c', { type: 'signal', signal: 'SIGINT' }],
    ['^^C', { type: 'signal', signal: 'SIGKILL' }],
    ['^SIGTERM', { type: 'signal', signal: 'SIGTERM' }],
    ['^SIGKILL', { type: 'signal', signal: 'SIGKILL' }],
    ['^TERM', { type: 'signal', signal: 'SIGTERM' }],
    ['^X', { type: 'signal', signal: 'SIGKILL' }],
    ['stop', { type: 'command', command: 'stop' }],
    ['/save-all ', { type: 'command', command: '/save-all ' }],
    ['', { type: 'runtime' }],
  ])('%s', async (stop, method) => {
    expect(stopMethodOf(await eggWith('run', {}, stop))).toEqual(method)
  })

  test('believes the kind that Calagopus states', async () => {
    const egg = async (stop: object) => {
      const { egg: parsed } = await parseEgg({ name: 'x', config: { stop } })
      if (!parsed) throw new Error('the egg was not read')
      return parsed
    }
    expect(stopMethodOf(await egg({ type: 'signal', value: 'SIGQUIT' }))).toEqual({ type: 'signal', signal: 'SIGQUIT' })
    expect(stopMethodOf(await egg({ type: 'command', value: '^up' }))).toEqual({ type: 'command', command: '^up' })
    expect(stopMethodOf(await egg({ type: 'docker', value: null }))).toEqual({ type: 'runtime' })
  })
})
