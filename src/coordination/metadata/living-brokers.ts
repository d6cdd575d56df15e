/** Which brokers there are, and which of them may lead: soft state, that the controller keeps and decisions look at. */

/** Fenced: it is gone, or not yet there. In controlled shutdown: it hands over what it leads, and takes nothing new (KIP-841). */
export type BrokerState = 'active' | 'fenced' | 'in controlled shutdown'

export interface LivingBroker {
  readonly id: number
  /** Another one with each of its starts: what was said of the one before does not hold for this one (KIP-903). */
  readonly epoch: number
  readonly rack: string | null
  readonly directoryId: string
  readonly state: BrokerState
}

export interface LivingBrokers {
  /** Undefined when no such broker is registered. */
  broker(id: number): LivingBroker | undefined
  isActive(id: number): boolean
  all(): Iterable<LivingBroker>
}

export function livingBrokers(brokers: Iterable<LivingBroker>): LivingBrokers {
  const byId = new Map(Array.from(brokers, (broker) => [broker.id, broker]))
  return {
    broker: (id) => byId.get(id),
    isActive: (id) => byId.get(id)?.state === 'active',
    all: () => byId.values()
  }
}

/** The same brokers, one of which is in another state. Decisions on what a broker becomes look at what it will be then. */
export function withState(living: LivingBrokers, id: number, state: BrokerState): LivingBrokers {
  return livingBrokers(Array.from(living.all(), (broker) => (broker.id === id ? { ...broker, state } : broker)))
}
