import { expect, test } from 'vitest'
import { checkVariables } from './variables.ts'

const variable = (envVariable: string) => ({
  name: envVariable,
  description: '',
  envVariable,
  defaultValue: 'x',
  userViewable: true,
  userEditable: true,
  rules: ['required', 'string'],
  sort: 0,
  unknown: [],
})

test.each(['__proto__', 'constructor', 'toString'])('an egg may name a variable %s', (name) => {
  const egg = { variables: [variable(name)] }
  expect(Object.entries(checkVariables(egg, {}))).toEqual([[name, 'x']])
  expect(Object.entries(checkVariables(egg, JSON.parse(`{"${name}":"y"}`)))).toEqual([[name, 'y']])
})
