/**
 * Which operations a client may do, as the bit fields in answers tell it (KIP-430): bit n stands for operation n. Without an
 * authorizer everybody may do everything that the kind of resource knows (AclEntry.supportedOperations).
 */
const Operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12
} as const

export type Operation = keyof typeof Operation

/** Says that nobody asked. */
export const notAsked = -2147483648

function bits(operations: readonly Operation[]): number {
  return operations.reduce((field, operation) => field | (1 << Operation[operation]), 0)
}

export const everyTopicOperation = bits([
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'describeConfigs',
  'alterConfigs'
])

export const everyGroupOperation = bits(['read', 'delete', 'describe', 'describeConfigs', 'alterConfigs'])

export const everyClusterOperation = bits([
  'create',
  'alter',
  'describe',
  'clusterAction',
  'describeConfigs',
  'alterConfigs',
  'idempotentWrite'
])
