import '../styles/app.css'
import { createHatchery } from './create-hatchery.ts'
import { reloadAfterUpdate } from './reload-after-update.ts'

reloadAfterUpdate()
const { app, router } = createHatchery()
router.isReady().then(
  () => app.mount('#app'),
  () => app.mount('#app'),
)
