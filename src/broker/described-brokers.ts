/**
 * The brokers of the cluster, as clients are told of them (Kafka: KRaftMetadataCache.getAliveBrokerNodes): those that are not fenced.
 * A broker that has heard that it is fenced does not tell of itself either. A cluster of one registers nobody, and fences nobody.
 *
 * Where no host is advertised, the brokers of this process are all found by the host by which the client came in, each at its port.
 */
import type { BrokerImage } from '../coordination/metadata/image.ts'
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

export interface DescribedBroker {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export function isAlive({ nodeId: own, image }: Broker, nodeId: number): boolean {
  return !(image.broker(nodeId)?.fenced ?? nodeId !== own)
}

/** Those that are not fenced, in the order of their node ids. */
export function describeBrokers(broker: Broker, session: Session): DescribedBroker[] {
  return describeAll(broker, session).filter(({ nodeId }) => isAlive(broker, nodeId))
}

/** Fenced ones as well (DescribeCluster, KIP-1073). */
export function describeAll(broker: Broker, session: Session): DescribedBroker[] {
  const described = [ownBroker(broker, session)]
  for (const other of broker.image.brokers()) {
    const node = other.id === broker.nodeId ? null : otherBroker(broker, session, other)
    if (node !== null) described.push(node)
  }
  return described.sort((one, other) => one.nodeId - other.nodeId)
}

/** Null when it is not there, or cannot be reached by clients. */
export function describeBroker(broker: Broker, session: Session, nodeId: number): DescribedBroker | null {
  if (!isAlive(broker, nodeId)) return null
  if (nodeId === broker.nodeId) return ownBroker(broker, session)
  const other = broker.image.broker(nodeId)
  return other === undefined ? null : otherBroker(broker, session, other)
}

function ownBroker(broker: Broker, session: Session): DescribedBroker {
  const { host, port } = broker.endpoint(session)
  return { nodeId: broker.nodeId, host, port, rack: broker.rackOf(broker.nodeId) }
}

function otherBroker(broker: Broker, session: Session, { id, endpoints, rack }: BrokerImage) {
  const [endpoint] = endpoints
  if (endpoint === undefined) return null
  const host = broker.isAdvertised ? endpoint.host : session.listener.host
  return { nodeId: id, host, port: endpoint.port, rack }
}
