export { createDaemon, type Daemon, type DaemonOptions, type DaemonParts } from './create-daemon.ts'
