import { loadMessages } from '../../i18n/i18n.ts'

/** The history with its words, which the page around it does not bring. */
export async function loadMetricHistory() {
  const [{ default: component }] = await Promise.all([import('./MetricHistory.vue'), loadMessages(['metrics'])])
  return component
}
