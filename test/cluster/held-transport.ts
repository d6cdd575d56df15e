/** Messages between brokers, which can be held up; those to and from the controller are not. */
import type { Broker } from '../../src/broker/broker.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { controllerId } from './cut-transport.ts'

export class HeldTransport {
  #isHeld = false
  #waiting: (() => void)[] = []

  readonly carry = (from: number, to: number): Promise<void> =>
    this.#isHeld && from !== controllerId && to !== controllerId
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve()

  hold(): void {
    this.#isHeld = true
  }

  letGo(): void {
    this.#isHeld = false
    for (const go of this.#waiting.splice(0)) go()
  }
}

/** Lets what is under way come as far as it can. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}

export function othersThan(cluster: Cluster, broker: Broker): Broker[] {
  return [...cluster.brokers.values()].filter((other) => other !== broker)
}
