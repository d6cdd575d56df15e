/** Which brokers this cluster has, and what each of them is doing: soft state, which ends with the process as the brokers do. */
import type { BrokerState, LivingBroker, LivingBrokers } from '../coordination/metadata/living-brokers.ts'

export class RegisteredBrokers implements LivingBrokers {
  readonly #byId = new Map<number, LivingBroker>()

  broker(id: number): LivingBroker | undefined {
    return this.#byId.get(id)
  }

  isActive(id: number): boolean {
    return this.#byId.get(id)?.state === 'active'
  }

  all(): Iterable<LivingBroker> {
    return this.#byId.values()
  }

  put(broker: LivingBroker): void {
    this.#byId.set(broker.id, broker)
  }

  become(id: number, state: BrokerState): void {
    const broker = this.#byId.get(id)
    if (broker === undefined) throw new RangeError(`there is no broker ${id}`)
    this.#byId.set(id, { ...broker, state })
  }

  remove(id: number): void {
    this.#byId.delete(id)
  }
}
