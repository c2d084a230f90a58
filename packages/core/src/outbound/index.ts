export { createAddressPolicy, type AddressPolicy, type AddressPolicyOptions } from './address-policy.ts'
export { hostOf, isWebPort, portOf, readOutboundUrl, shownUrl } from './outbound-url.ts'
export { createHostPolicy, type HostPolicy } from './host-policy.ts'
