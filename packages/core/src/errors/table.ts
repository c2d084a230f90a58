/**
 * Every error that may leave a Hatchery process has one row here; the HTTP status is decided once.
 * A message says what happened and what to do next; `{holes}` are filled from the error's details.
 * Packages and extensions add rows with {@link registerErrors}, under a vendor prefix.
 */
export const ERRORS = {
  // requests
  BAD_REQUEST: { status: 400, message: 'The request could not be read: {reason}.' },
  VALIDATION_FAILED: { status: 422, message: 'Some fields are not valid: {fields}. Correct them and send again.' },
  BODY_TOO_LARGE: { status: 413, message: 'The request body is larger than {limitBytes} bytes.' },
  ROUTE_NOT_FOUND: { status: 404, message: 'There is no {method} {path}. See /api/docs for the list of endpoints.' },
  METHOD_NOT_ALLOWED: { status: 405, message: '{path} does not answer {method}.' },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    message: 'Requests from {origin} are not allowed. Open the panel at its own address.',
  },
  HOST_NOT_ALLOWED: {
    status: 421,
    message:
      'The panel does not answer to the name {host}. Open it at its own address, or have the name added with HATCHERY_PUBLIC_URL or HATCHERY_ALLOWED_HOSTS.',
  },
  RATE_LIMITED: { status: 429, message: 'Too many requests. Try again in {retryAfterSeconds} s.' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 409,
    message: 'This Idempotency-Key was used for a different request. Use a new key.',
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    message: 'The first request with this Idempotency-Key is still running. Wait for it.',
  },
  REVISION_MISMATCH: {
    status: 412,
    message: 'The object was changed by somebody else meanwhile. Load it again and repeat your change.',
  },
  RANGE_INVALID: { status: 416, message: 'The range lies outside of the {sizeBytes} bytes that there are.' },
  CURSOR_INVALID: { status: 400, message: 'The cursor is not valid here. Start again without one.' },
  INTERNAL: { status: 500, message: 'Something failed on our side. Report the request id to the administrator.' },
  OUTBOUND_URL_INVALID: { status: 422, message: 'The address {url} cannot be used: {reason}.' },
  OUTBOUND_REFUSED: {
    status: 403,
    message: 'The panel does not connect to {host}: {reason}. A host can allow it with HATCHERY_OUTBOUND_ALLOW.',
  },
  OUTBOUND_FAILED: { status: 502, message: '{url} could not be fetched: {reason}.' },
  OUTBOUND_TOO_LARGE: { status: 502, message: '{url} answers with more than {limitBytes} bytes, which is not taken.' },
  SERVICE_UNAVAILABLE: { status: 503, message: 'The panel is busy or shutting down: {reason}. Try again in a moment.' },

  // identity
  NOT_SIGNED_IN: { status: 401, message: 'Sign in, or send a valid API key.' },
  CREDENTIALS_INVALID: { status: 401, message: 'The e-mail address or the password is wrong.' },
  PASSWORD_WRONG: { status: 422, message: 'The current password is wrong.' },
  PASSWORD_TOO_WEAK: { status: 422, message: 'The password is too easy to guess: {reason}.' },
  PERMISSION_DENIED: { status: 403, message: 'You need the permission {permission} for this.' },
  USER_NOT_FOUND: { status: 404, message: 'User {id} does not exist.' },
  USER_EXISTS: { status: 409, message: 'There is already a user with this {field}.' },
  USER_OWNS_SERVERS: { status: 409, message: 'This user still owns {count} servers. Move or delete them first.' },
  LAST_ADMINISTRATOR: {
    status: 409,
    message: 'This is the last administrator. Make somebody else an administrator first.',
  },
  SESSION_NOT_FOUND: { status: 404, message: 'This session does not exist any more.' },
  API_KEY_NOT_FOUND: { status: 404, message: 'API key {id} does not exist.' },
  API_KEY_LIMIT: { status: 409, message: 'You have {limit} API keys already. Delete one first.' },
  SSH_KEY_INVALID: { status: 422, message: 'This is not a public key that works here: {reason}.' },
  SSH_KEY_EXISTS: { status: 409, message: 'You have this key already, under the name {name}.' },
  SSH_KEY_NOT_FOUND: { status: 404, message: 'SSH key {id} does not exist.' },
  SSH_KEY_LIMIT: { status: 409, message: 'You have {limit} SSH keys already. Delete one first.' },
  SSH_KEYS_NOT_PUBLISHED: {
    status: 404,
    message: '{account} has no public keys at {host}. Check the user name there.',
  },
  APP_PASSWORD_NOT_FOUND: { status: 404, message: 'App password {id} does not exist.' },
  APP_PASSWORD_LIMIT: { status: 409, message: 'You have {limit} app passwords already. Delete one first.' },

  // servers
  SERVER_NOT_FOUND: { status: 404, message: 'Server {id} does not exist.' },
  SERVER_BUSY: { status: 409, message: 'Server {id} is {state}; wait until it has finished.' },
  SERVER_SUSPENDED: {
    status: 409,
    message: 'Server {id} is suspended ({holds}). It cannot be started until the hold is lifted.',
  },
  SERVER_NOT_RUNNING: { status: 409, message: 'Server {id} is {state}. Start it first.' },
  SERVER_NOT_INSTALLED: { status: 409, message: 'Server {id} is not installed. Reinstall it first.' },
  VARIABLE_INVALID: { status: 422, message: 'The variable {variable} is not valid: {reason}.' },
  VARIABLE_NOT_EDITABLE: { status: 403, message: 'The variable {variable} can only be changed by an administrator.' },
  IMAGE_NOT_ALLOWED: { status: 422, message: 'The image {image} is not one of the images of this egg.' },
  SUBUSER_NOT_FOUND: { status: 404, message: 'This user has no access to the server.' },
  SUBUSER_EXISTS: { status: 409, message: 'This user has access to the server already.' },
  SUBUSER_IS_OWNER: { status: 409, message: 'This user owns the server and needs no further access.' },
  GRANT_EXCEEDS_OWN: { status: 403, message: 'You cannot grant {permission}, because you do not have it yourself.' },
  HOLD_EXISTS: { status: 409, message: 'Server {id} already has a {kind} hold.' },
  HOLD_NOT_FOUND: { status: 404, message: 'Server {id} has no {kind} hold.' },
  FEATURE_UNKNOWN: { status: 404, message: 'The egg of this server has no feature {feature}.' },

  // administration
  LOCATION_NOT_FOUND: { status: 404, message: 'Location {id} does not exist.' },
  LOCATION_EXISTS: { status: 409, message: 'There is already a location with this name.' },
  LOCATION_IN_USE: { status: 409, message: 'This location still has {count} nodes. Move them first.' },
  NODE_NOT_FOUND: { status: 404, message: 'Node {id} does not exist.' },
  NODE_EXISTS: { status: 409, message: 'There is already a node with this name.' },
  NODE_IN_USE: { status: 409, message: 'This node still has {count} servers. Move or delete them first.' },
  NODE_UNREACHABLE: { status: 502, message: 'Node {node} is not connected. Check that its agent is running.' },
  NODE_TIMEOUT: {
    status: 504,
    message:
      'Node {node} did not answer in time. The action may still happen; look at the server before you repeat it.',
  },
  NODE_REFUSED: { status: 409, message: 'Node {node} refused: {reason}' },
  NODE_FULL: { status: 409, message: 'Node {node} has not enough {resource} left ({free} of {wanted} wanted).' },
  NODE_UNSUPPORTED: {
    status: 409,
    message: 'Node {node} cannot do this: {capability} is not supported by its agent or runtime.',
  },
  NODE_IN_RECOVERY: {
    status: 409,
    message: 'Node {node} is in recovery. An administrator has to confirm it on the node page first.',
  },
  ORPHAN_NOT_FOUND: { status: 404, message: 'Node {node} keeps no orphaned server {id}.' },
  ORPHAN_ELSEWHERE: {
    status: 409,
    message: 'The panel knows the server {id} on node {node}. Decide about that one first.',
  },
  NO_NODE_FITS: { status: 409, message: 'No node can take this server: {reason}' },
  ALLOCATION_NOT_FOUND: { status: 404, message: 'Allocation {id} does not exist.' },
  ALLOCATION_IN_USE: { status: 409, message: 'The allocation {address} is used by a server.' },
  ALLOCATION_EXISTS: { status: 409, message: 'The allocation {address} exists already.' },
  ALLOCATION_RANGE_INVALID: { status: 422, message: 'The address or port range is not valid: {reason}.' },
  NO_FREE_ALLOCATION: { status: 409, message: 'Node {node} has no free allocation. Add ports to it first.' },
  NEST_NOT_FOUND: { status: 404, message: 'Nest {id} does not exist.' },
  NEST_EXISTS: { status: 409, message: 'There is already a nest with this name.' },
  NEST_IN_USE: { status: 409, message: 'This nest still has {count} eggs.' },
  EGG_NOT_FOUND: { status: 404, message: 'Egg {id} does not exist.' },
  EGG_INVALID: { status: 422, message: 'The egg could not be imported: {reason}' },
  EGG_IN_USE: { status: 409, message: '{count} servers use this egg. Change or delete them first.' },
  EGG_NO_UPDATE_SOURCE: {
    status: 409,
    message: 'The egg does not say where its updates are. Give an address, a file, or an egg of a repository.',
  },
  EGG_UPDATE_CHANGED: {
    status: 409,
    message: 'This is not the change that was shown: the egg or its new version has changed since. Look at it again.',
  },
  EGG_REPOSITORY_NOT_FOUND: { status: 404, message: 'Egg repository {id} does not exist.' },
  EGG_REPOSITORY_EXISTS: { status: 409, message: 'There is already an egg repository with this name.' },
  EGG_REPOSITORY_EGG_NOT_FOUND: {
    status: 404,
    message: 'The repository has no egg {id}. Read the repository again and look at its list.',
  },
  EGG_REPOSITORY_BUSY: {
    status: 409,
    message: 'Another job works on this repository. Wait until operation {operation} has ended.',
  },
  EGG_REPOSITORY_INSTALL_INCOMPLETE: {
    status: 422,
    message: '{count} of {total} eggs could not be installed, first {path}: {reason} The others are installed.',
  },
  EGG_REPOSITORY_CREDENTIALS_OPEN: {
    status: 422,
    message: 'Credentials are not sent over http, where anybody on the way can read them. Use an https address.',
  },
  GIT_AUTHENTICATION_FAILED: {
    status: 502,
    message: '{host} refused the credentials, or the repository needs some. Check user name, token and address.',
  },
  GIT_REPOSITORY_NOT_FOUND: { status: 502, message: 'There is no git repository at {url}. Check the address.' },
  GIT_BRANCH_NOT_FOUND: { status: 502, message: 'The repository has no branch {branch}. Check its name.' },
  GIT_REPOSITORY_TOO_LARGE: {
    status: 502,
    message: 'The repository is too large to be read: {reason}. Give the address of a smaller one.',
  },
  GIT_PROTOCOL_FAILED: { status: 502, message: 'The answer of {host} is not what a git server says: {reason}.' },
  OPERATION_NOT_FOUND: { status: 404, message: 'Operation {id} does not exist.' },
  OPERATION_FINISHED: { status: 409, message: 'Operation {id} has finished already.' },
  EXTERNAL_ID_EXISTS: { status: 409, message: 'There is already an object with the external id {externalId}.' },

  // enrolment and the agent link
  ENROLMENT_TOKEN_INVALID: {
    status: 401,
    message: 'The enrolment token is wrong, used or expired. Make a new one on the node page.',
  },
  ENROLMENT_LOCKED: {
    status: 403,
    message: 'A second machine tried to use the enrolment token of this node. The node is locked; make a new token.',
  },
  INSTALLATION_MISMATCH: {
    status: 409,
    message: 'This node belongs to another installation. Confirm the change on the node page first.',
  },
  HANDSHAKE_FAILED: { status: 401, message: 'The node could not prove who it is: {reason}.' },
  PROTOCOL_VERSION: {
    status: 426,
    message: 'The other side speaks protocol {theirs}; this side needs {ours}. Upgrade the older one.',
  },
  PROTOCOL_VIOLATION: { status: 400, message: 'The connection was closed, because a frame was not valid: {reason}.' },
  METHOD_UNKNOWN: { status: 404, message: 'The other side does not know the method {method}. Upgrade it.' },
  DEADLINE_EXCEEDED: { status: 504, message: '{method} was not answered within {deadlineMs} ms.' },
  CONNECTION_LOST: { status: 502, message: 'The connection was lost before {method} was answered.' },
  CANCELLED: { status: 499, message: 'The operation was cancelled.' },
  OPERATION_STALE: { status: 409, message: 'The operation came too late and was not carried out: {reason}.' },
  OPERATION_BODY_MISMATCH: { status: 409, message: 'Operation {id} exists already with another content.' },

  // the node
  IMAGE_INVALID: { status: 422, message: 'The image reference {image} is not valid.' },
  IMAGE_PULL_FAILED: {
    status: 502,
    message: 'The image {image} could not be pulled: {reason}. Check its name and the registry.',
  },
  INSTALL_FAILED: {
    status: 500,
    message: 'The install script failed with exit code {exitCode}. Read the install log, then reinstall.',
  },
  INSTALL_NOT_ISOLATED: { status: 409, message: 'Install scripts are refused here: {reason}' },
  RUNTIME_UNAVAILABLE: { status: 503, message: 'The {runtime} runtime does not answer: {reason}.' },
  RUNTIME_FAILED: { status: 500, message: 'The {runtime} runtime failed: {reason}.' },
  CONTAINER_CONFLICT: {
    status: 409,
    message: 'A container named {name} exists that does not belong to this agent. Remove or rename it.',
  },
  PORT_IN_USE: { status: 409, message: 'Port {port} is used by another program on this machine.' },
  PATH_INVALID: { status: 400, message: 'The path {path} is not valid.' },
  PATH_OUTSIDE: { status: 403, message: 'The path {path} leads out of the server.' },
  FILE_NOT_FOUND: { status: 404, message: 'The file {path} does not exist.' },
  FILE_EXISTS: { status: 409, message: 'There is already something at {path}. Choose another name.' },
  FILE_DENIED: { status: 403, message: 'The file system does not allow this at {path}: {reason}.' },
  FILE_PROTECTED: {
    status: 403,
    message: 'The egg protects {path}. It can be neither read nor changed here.',
  },
  FILE_TOO_LARGE: { status: 413, message: '{path} is larger than {limitBytes} bytes. Download it instead.' },
  DIRECTORY_NOT_EMPTY: { status: 409, message: 'The directory {path} is not empty.' },
  FILES_UNAVAILABLE: { status: 503, message: 'The files of the server cannot be reached: {reason}. Try again.' },
  ARCHIVE_INVALID: { status: 422, message: 'The archive cannot be unpacked: {reason}. Nothing was changed.' },
  ARCHIVE_UNSUPPORTED: { status: 422, message: 'The archive cannot be read: {reason}. Pack it as zip or tar.gz.' },
  ARCHIVE_ENCRYPTED: {
    status: 422,
    message: 'The archive is protected by a password. Unpack it where you have the password, and upload what is in it.',
  },
  ARCHIVE_MEMBER_NOT_FOUND: { status: 404, message: 'There is no {member} in the archive. List it again.' },
  ARCHIVE_TOO_LARGE: { status: 413, message: 'The archive is too large: {reason}. Nothing was changed.' },
  FILE_REVISION_NOT_FOUND: {
    status: 404,
    message: 'The history has no content for revision {id}. It may have expired, or was never kept.',
  },
  TRASH_ITEM_NOT_FOUND: { status: 404, message: 'The trash has no item {id}. It may have been restored or expired.' },
  DIRECT_TOKEN_INVALID: {
    status: 401,
    message: 'This opens nothing here: {reason}. Ask the panel for another link.',
  },
  PULL_REFUSED: {
    status: 422,
    message: 'The node does not connect to {host}: {reason}. Whoever operates the node can allow it with --pull-allow.',
  },
  PULL_FAILED: { status: 502, message: '{url} could not be fetched: {reason}.' },
  PULL_LIMIT: { status: 429, message: 'The server fetches {count} files already. Wait until one of them is done.' },
  DOWNLOAD_NOT_FOUND: {
    status: 404,
    message: 'This download link is used up or has expired. Begin the download again.',
  },
  COPY_TARGET_NOT_FOUND: { status: 404, message: 'There is no server {id} that the files could be copied to.' },
  RENAME_RULE_INVALID: { status: 422, message: 'Rule {position} cannot be used: {reason}.' },
  RENAME_CONFLICT: {
    status: 409,
    message: '{count} of the new names cannot be had, {path} among them. Nothing was renamed.',
  },
  UPLOAD_NOT_FOUND: { status: 404, message: 'There is no upload {id}. Begin it again.' },
  UPLOAD_OFFSET: { status: 409, message: 'The upload stands at byte {offset}. Send on from there.' },
  UPLOAD_TOO_LONG: { status: 422, message: 'More came than the {sizeBytes} bytes that the upload was to have.' },
  UPLOAD_INCOMPLETE: { status: 409, message: 'The upload has {offset} of {sizeBytes} bytes. Send the rest first.' },
  CONFIG_FILE_FAILED: { status: 500, message: 'The configuration file {path} could not be written: {reason}.' },
  DISK_FULL: { status: 507, message: 'There is not enough disk space for this: {reason}.' },
} as const satisfies Record<string, ErrorRow>

export interface ErrorRow {
  /** HTTP status the panel answers with. */
  readonly status: number
  /** One or two sentences; `{name}` is replaced from the details. */
  readonly message: string
}

export type ErrorCode = keyof typeof ERRORS

type Holes<S extends string> = S extends `${string}{${infer K}}${infer R}` ? K | Holes<R> : never

/** The details an error of this code must carry: exactly the holes of its message. */
export type ErrorDetails<C extends ErrorCode> = {
  readonly [K in Holes<(typeof ERRORS)[C]['message']>]: string | number
}
