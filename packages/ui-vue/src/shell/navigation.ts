import { Activity, Boxes, Egg, MapPin, Server, UserRound, Users } from '@lucide/vue'
import type { Component } from 'vue'

export interface NavigationItem {
  /** Name of the route. */
  readonly route: string
  /** Key of the label below `shell.nav`. */
  readonly label: string
  readonly icon: Component
  /** Administrative permission it needs. */
  readonly permission?: string
}

export const MAIN_NAVIGATION: readonly NavigationItem[] = [
  { route: 'dashboard', label: 'servers', icon: Server },
  { route: 'account', label: 'account', icon: UserRound },
]

export const ADMIN_NAVIGATION: readonly NavigationItem[] = [
  { route: 'admin-nodes', label: 'nodes', icon: Boxes, permission: 'nodes.read' },
  { route: 'admin-eggs', label: 'eggs', icon: Egg, permission: 'eggs.read' },
  { route: 'admin-users', label: 'users', icon: Users, permission: 'users.read' },
  { route: 'admin-locations', label: 'locations', icon: MapPin, permission: 'locations.read' },
  { route: 'admin-activity', label: 'activity', icon: Activity, permission: 'activity.read' },
]
