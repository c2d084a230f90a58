export {
  chooseAllocation,
  compareAllocations,
  type AllocationPolicy,
  type FreeAllocation,
} from './choose-allocation.ts'
export { formatAddress, isAnyAddress } from './format-address.ts'
export { compareIp, formatIp, parseIp, type IpAddress } from './ip-address.ts'
export {
  placeServer,
  type ConsideredNode,
  type PlacementNode,
  type PlacementRequest,
  type PlacementResult,
  type Resources,
} from './place-server.ts'
export { MAX_ALLOCATIONS, expandAddresses, expandAllocations, parsePorts } from './ranges.ts'
