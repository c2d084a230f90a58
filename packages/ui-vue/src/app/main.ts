import '../styles/app.css'
import { createHatchery } from './create-hatchery.ts'

const { app, router } = createHatchery()
router.isReady().then(
  () => app.mount('#app'),
  () => app.mount('#app'),
)
