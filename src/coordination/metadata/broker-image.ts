/** What the metadata log says of a broker: how it registered, and what became of that (Kafka: BrokerRegistration). */
import type { BrokerRegistrationChangeRecord } from '../../protocol/generated/metadata-log/broker-registration-change-record.ts'
import type { RegisterBrokerRecord } from '../../protocol/generated/metadata-log/register-broker-record.ts'
import type { Decoded } from '../../protocol/message.ts'

export interface BrokerEndpoint {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Kafka's number (SecurityProtocol); 0 is PLAINTEXT. */
  readonly securityProtocol: number
}

export interface BrokerFeature {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

export interface BrokerImage {
  readonly id: number
  /** Another one with each registration. */
  readonly epoch: number
  /** Of the process that registered. */
  readonly incarnationId: string
  /** The ids of its log directories (KIP-858). */
  readonly directories: readonly string[]
  readonly endpoints: readonly BrokerEndpoint[]
  readonly rack: string | null
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly features: readonly BrokerFeature[]
}

export function registeredBroker(record: Decoded<RegisterBrokerRecord>): BrokerImage {
  const { brokerId: id, brokerEpoch: epoch, incarnationId, logDirs: directories, endPoints: endpoints } = record
  const { rack, fenced, inControlledShutdown, features } = record
  return { id, epoch, incarnationId, directories, endpoints, rack, fenced, inControlledShutdown, features }
}

/** What is not told stays (BrokerRegistration.cloneWith); nobody takes a controlled shutdown back. */
export function changedBroker(
  broker: BrokerImage,
  change: Pick<Decoded<BrokerRegistrationChangeRecord>, 'fenced' | 'inControlledShutdown' | 'logDirs'>
): BrokerImage {
  return {
    ...broker,
    fenced: change.fenced === 0 ? broker.fenced : change.fenced > 0,
    inControlledShutdown: broker.inControlledShutdown || change.inControlledShutdown > 0,
    directories: change.logDirs.length > 0 ? change.logDirs : broker.directories
  }
}
