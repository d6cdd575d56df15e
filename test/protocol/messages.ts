/** All generated messages, for the tests that walk them. */
import { apiMessages } from '../../src/protocol/generated/api/registry.ts'
import { commonMessages } from '../../src/protocol/generated/common/registry.ts'
import { groupLogMessages } from '../../src/protocol/generated/group-log/registry.ts'
import { metadataLogMessages } from '../../src/protocol/generated/metadata-log/registry.ts'
import { shareLogMessages } from '../../src/protocol/generated/share-log/registry.ts'
import { storageMessages } from '../../src/protocol/generated/storage/registry.ts'
import { transactionLogMessages } from '../../src/protocol/generated/transaction-log/registry.ts'
import type { AnyMessage } from '../../src/protocol/message.ts'
import { Writer } from '../../src/protocol/primitives.ts'
import type { Group } from '../../tools/generate-protocol/facts.ts'

export const messagesByGroup: Readonly<Record<Group, readonly AnyMessage[]>> = {
  api: apiMessages,
  common: commonMessages,
  'group-log': groupLogMessages,
  'transaction-log': transactionLogMessages,
  'share-log': shareLogMessages,
  'metadata-log': metadataLogMessages,
  storage: storageMessages
}

export const allMessages: readonly AnyMessage[] = Object.values(messagesByGroup).flat()

export function versionsOf(message: AnyMessage): number[] {
  const versions: number[] = []
  for (let version = message.lowestVersion; version <= message.highestVersion; version++) versions.push(version)
  return versions
}

export function encoded(message: AnyMessage, value: unknown, version: number): Buffer {
  const writer = new Writer()
  message.encode(writer, value, version)
  return writer.toBuffer()
}
