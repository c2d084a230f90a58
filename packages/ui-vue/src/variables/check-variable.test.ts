import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { accessibilityProblems, mountInApp } from '../testing/mount-app.ts'
import { checkVariable } from './check-variable.ts'
import VariableField from './VariableField.vue'

test('a required value may not be empty, an optional one may', () => {
  expect(checkVariable({ kind: 'text', required: true }, '')?.key).toBe('required')
  expect(checkVariable({ kind: 'text', required: false, minLength: 3 }, '')).toBeUndefined()
})

test('numbers keep to their kind and bounds', () => {
  const input = { kind: 'number', required: true, integer: true, minimum: 1, maximum: 10 } as const
  expect(checkVariable(input, 'x')?.key).toBe('number')
  expect(checkVariable(input, '1.5')?.key).toBe('integer')
  expect(checkVariable(input, '0')).toEqual({ key: 'minimum', parameters: { minimum: 1 } })
  expect(checkVariable(input, '11')?.key).toBe('maximum')
  expect(checkVariable(input, '10')).toBeUndefined()
})

test('text keeps to its length and form; a form this browser cannot read is left to the server', () => {
  expect(checkVariable({ kind: 'text', required: true, maxLength: 2 }, 'äöü')?.key).toBe('maxLength')
  expect(checkVariable({ kind: 'text', required: true, maxLength: 1 }, '🥚')).toBeUndefined()
  expect(checkVariable({ kind: 'text', required: true, pattern: '^\\w+\\.jar$' }, 'a.txt')?.key).toBe('pattern')
  expect(checkVariable({ kind: 'text', required: true, pattern: '(?P<x>' }, 'anything')).toBeUndefined()
})

test('a choice has to be one of the options', () => {
  expect(checkVariable({ kind: 'select', required: true, options: ['a'] }, 'b')?.key).toBe('option')
  expect(checkVariable({ kind: 'switch', required: true, values: ['false', 'true'] }, '1')?.key).toBe('option')
})

const variable = (input: object, defaultValue = '') => ({
  name: 'Thing',
  description: 'What it is.',
  envVariable: 'THING',
  defaultValue,
  input,
})

test('a switch writes the two values of its rule', async () => {
  const { wrapper } = await mountInApp(VariableField, {
    props: {
      variable: variable({ kind: 'switch', required: true, values: ['false', 'true'] }, 'false'),
      modelValue: 'false',
    },
  })
  await wrapper.get('[role=switch]').trigger('click')
  expect(wrapper.emitted('update:modelValue')).toEqual([['true']])
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('a secret is hidden until it is asked for', async () => {
  const { wrapper } = await mountInApp(VariableField, {
    props: { variable: variable({ kind: 'secret', required: false }), modelValue: 'abc' },
  })
  expect(wrapper.get('input').attributes('type')).toBe('password')
  await wrapper.get('[aria-label="Show value"]').trigger('click')
  expect(wrapper.get('input').attributes('type')).toBe('text')
})

test("the server's own words about a value stand at its field", async () => {
  const { wrapper } = await mountInApp(VariableField, {
    props: {
      variable: variable({ kind: 'text', required: true }),
      modelValue: 'x',
      serverError: 'It must end with .jar',
    },
  })
  await flushPromises()
  const input = wrapper.get('input')
  expect(input.attributes('aria-invalid')).toBe('true')
  expect(
    wrapper
      .get(`#${(input.attributes('aria-describedby') ?? '').split(' ').find((id) => id.endsWith('-error'))}`)
      .text(),
  ).toBe('It must end with .jar')
})
