export { describeFileTree, type FileTreeHarness } from './file-tree.ts'
export { check, checkEqual, checkRejects, type TestRunner } from './runner.ts'
export { CONFORMANCE_PROGRAM, describeRuntime, type RuntimeHarness } from './runtime.ts'
export { describeVolumes, type VolumesHarness } from './volumes.ts'
