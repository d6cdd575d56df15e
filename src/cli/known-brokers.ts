/**
 * The brokers that a command knows: those it was given, and all that it has heard of since. What any broker answers is asked of each
 * of them, as every Kafka client does: the one that was given may be gone while the others lead everything. One that did not answer
 * is asked last from then on, so that a broker that hangs is waited for once.
 */
import { type Address, parseAddress } from './global-options.ts'

interface Broker extends Address {
  readonly nodeId: number
}

export class KnownBrokers {
  readonly given: readonly string[]
  /** By address, in the order in which they are asked. */
  #known: ReadonlyMap<string, Address>
  /** Where each node was when it was last heard of: one that is away is in no answer, and may be the first to be back. */
  readonly #nodes = new Map<number, Address>()
  /** Those that did not answer when they were last asked. */
  readonly #silent = new Set<string>()

  constructor(given: readonly string[]) {
    this.given = given
    this.#known = byName(given.map(parseAddress))
  }

  get inOrder(): readonly Address[] {
    return [...this.#known.values()]
  }

  /** One broker may have been given by several addresses, or by another than the one it tells. */
  get count(): number {
    return this.#nodes.size === 0 ? this.given.length : this.#nodes.size
  }

  get noneAnswers(): boolean {
    return this.#silent.size === this.#known.size
  }

  heardOf(brokers: readonly Broker[]): void {
    for (const { nodeId, host, port } of brokers) this.#nodes.set(nodeId, { host, port })
    const now = byName([...this.given.map(parseAddress), ...this.#nodes.values()])
    const before = [...this.#known].filter(([name]) => now.has(name))
    this.#known = new Map([...before, ...now])
    for (const name of this.#silent) if (!now.has(name)) this.#silent.delete(name)
  }

  answered(broker: Address): void {
    this.#silent.delete(nameOf(broker))
  }

  missed(broker: Address): void {
    const name = nameOf(broker)
    if (!this.#known.has(name)) return
    this.#silent.add(name)
    this.#known = new Map([...[...this.#known].filter(([one]) => one !== name), [name, broker]])
  }
}

function byName(brokers: readonly Address[]): Map<string, Address> {
  return new Map(brokers.map((broker) => [nameOf(broker), broker]))
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`
}
