export { DRIVERS, chooseDriver, type DriverChoice } from './choose-driver.ts'
export { createDirectoryVolumes } from './directory-volumes.ts'
