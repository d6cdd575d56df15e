/** What one broker has to do with share groups' states: it keeps some, and asks others for the rest. */

import { ShareCoordinators, type ShareCoordinatorsOptions } from './share-coordinators.ts'
import { BrokerSharePersister, type BrokerSharePersisterOptions } from './share-persister.ts'

export interface BrokerSharesOptions
  extends ShareCoordinatorsOptions,
    Pick<BrokerSharePersisterOptions, 'nodeId' | 'peer'> {}

export class BrokerShares {
  readonly coordinators: ShareCoordinators
  /** How far each share partition is, whoever keeps it. */
  readonly persister: BrokerSharePersister

  constructor(options: BrokerSharesOptions) {
    const { nodeId, peer, host } = options
    this.coordinators = new ShareCoordinators(options)
    const { topic } = this.coordinators
    this.persister = new BrokerSharePersister({ nodeId, peer, topic, here: this.coordinators, clock: host.clock })
  }

  close(): void {
    this.coordinators.close()
    this.persister.close()
  }
}
