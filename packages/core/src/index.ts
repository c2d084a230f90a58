export * as eggs from './eggs/index.ts'
