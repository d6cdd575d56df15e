/**
 * What the metadata log says and nobody here acts on: how controllers have registered, and rights, users, quotas and tokens that a
 * real Kafka was told of. A snapshot stands for all of the log before it, so that it has to say these too. Each record stays as it was
 * written until another takes its place.
 */
import { AccessControlEntryRecord } from '../../protocol/generated/metadata-log/access-control-entry-record.ts'
import { ClientQuotaRecord } from '../../protocol/generated/metadata-log/client-quota-record.ts'
import { DelegationTokenRecord } from '../../protocol/generated/metadata-log/delegation-token-record.ts'
import { RemoveAccessControlEntryRecord } from '../../protocol/generated/metadata-log/remove-access-control-entry-record.ts'
import { RemoveDelegationTokenRecord } from '../../protocol/generated/metadata-log/remove-delegation-token-record.ts'
import { RemoveUserScramCredentialRecord } from '../../protocol/generated/metadata-log/remove-user-scram-credential-record.ts'
import { UserScramCredentialRecord } from '../../protocol/generated/metadata-log/user-scram-credential-record.ts'
import type { Decoded } from '../../protocol/message.ts'
import type { StateRecord } from '../coordinator.ts'
import { type MetadataFrame, readMessage } from './records.ts'

export class KeptRecords {
  readonly #records = new Map<string, StateRecord>()

  all(): Iterable<StateRecord> {
    return this.#records.values()
  }

  /** All that another has; for a copy of an image. */
  putAll(other: KeptRecords): void {
    for (const [subject, record] of other.#records) this.#records.set(subject, record)
  }

  /** For replay only. A copy: the record's bytes are a piece of what was read of the log. */
  put(subject: string, { key, value }: StateRecord): void {
    this.#records.set(subject, { key, value: value === null ? null : Buffer.from(value) })
  }

  /** For replay only. */
  drop(subject: string): void {
    this.#records.delete(subject)
  }
}

export const controllerSubject = (controllerId: number): string => `controller ${controllerId}`

/** Whether the record is one that is kept, or that changes one. */
export function replayKept(kept: KeptRecords, record: StateRecord, frame: MetadataFrame): boolean {
  switch (frame.type) {
    case AccessControlEntryRecord.apiKey:
      kept.put(`right ${readMessage(AccessControlEntryRecord, frame).id}`, record)
      return true
    case RemoveAccessControlEntryRecord.apiKey:
      kept.drop(`right ${readMessage(RemoveAccessControlEntryRecord, frame).id}`)
      return true
    case UserScramCredentialRecord.apiKey:
      kept.put(userSubject(readMessage(UserScramCredentialRecord, frame)), record)
      return true
    case RemoveUserScramCredentialRecord.apiKey:
      kept.drop(userSubject(readMessage(RemoveUserScramCredentialRecord, frame)))
      return true
    case DelegationTokenRecord.apiKey:
      kept.put(`token ${readMessage(DelegationTokenRecord, frame).tokenId}`, record)
      return true
    case RemoveDelegationTokenRecord.apiKey:
      kept.drop(`token ${readMessage(RemoveDelegationTokenRecord, frame).tokenId}`)
      return true
    case ClientQuotaRecord.apiKey: {
      const quota = readMessage(ClientQuotaRecord, frame)
      if (quota.remove) kept.drop(quotaSubject(quota))
      else kept.put(quotaSubject(quota), record)
      return true
    }
    default:
      return false
  }
}

function userSubject({ name, mechanism }: { readonly name: string; readonly mechanism: number }): string {
  return `user ${mechanism} ${name}`
}

/** The same entity may name its parts in any order. */
function quotaSubject({ entity, key }: Pick<Decoded<ClientQuotaRecord>, 'entity' | 'key'>): string {
  const parts = entity.map(({ entityType, entityName }) => JSON.stringify([entityType, entityName])).sort()
  return `quota ${key} ${parts.join()}`
}
