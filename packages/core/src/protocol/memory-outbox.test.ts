import { describe, expect, test } from 'vitest'
import { memoryOutbox } from './memory-outbox.ts'
import { describeOutbox } from './outbox-conformance.ts'

describeOutbox('memory', () => ({ outbox: memoryOutbox() }), { describe, test, expect })
