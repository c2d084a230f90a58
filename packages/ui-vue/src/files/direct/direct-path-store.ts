import { defineStore } from 'pinia'
import { usePanel } from '../../api/panel.ts'
import { createDirectPath } from './create-direct-path.ts'

/** What this tab has found out about the ways to nodes. */
export const useDirectPath = defineStore('direct-path', () => createDirectPath(usePanel().client))
