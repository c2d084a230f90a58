import type { Static } from 'typebox'
import { expectTypeOf, test } from 'vitest'
import type { VariableInput as AnsweredInput } from '../api/schemas/eggs.ts'
import type { SpecConfigFile, StopMethod as SpecStopMethod } from '../protocol/spec.ts'
import type { ConfigFile } from './config-files.ts'
import type { VariableInput } from './rules/describe-rules.ts'
import type { StopMethod } from './stop.ts'

// The library states its types itself, so that nobody needs the schema package for them. They must stay what travels.
test('what eggs become is what the panel answers and sends to agents', () => {
  expectTypeOf<ConfigFile>().toExtend<Static<typeof SpecConfigFile>>()
  expectTypeOf<Static<typeof SpecConfigFile>>().toExtend<ConfigFile>()
  expectTypeOf<StopMethod>().toExtend<SpecStopMethod>()
  expectTypeOf<SpecStopMethod>().toExtend<StopMethod>()
  expectTypeOf<VariableInput>().toExtend<AnsweredInput>()
  expectTypeOf<AnsweredInput>().toExtend<VariableInput>()
})
