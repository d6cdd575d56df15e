/** Mistakes in transactions: one that is torn apart, one that is seen before it is decided, one that hangs, a producer that was fenced. */
import type { Mutation } from './list.ts'

export const transactionMutations: readonly Mutation[] = [
  {
    what: 'a transaction ends without a marker in one of its partitions',
    file: 'src/broker/transaction-markers.ts',
    text: 'if (leader === undefined) continue',
    replacement: 'if (leader === undefined || index > 0) continue',
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'the last stable offset is behind the high watermark',
    file: 'src/broker/replication/replica.ts',
    text: 'return Math.min(this.log.stableOffset(this.#highWatermark), this.#highWatermark)',
    replacement: 'return this.log.stableOffset(Infinity)',
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'after a start no transaction is open',
    file: 'src/log/producer-snapshot.ts',
    text: 'transactionStartOffset: entry.currentTxnFirstOffset',
    replacement: 'transactionStartOffset: -1',
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'whose epoch was given to another ends the transaction of that one',
    file: 'src/coordination/transactions/end-transaction.ts',
    text: 'if (!isEpochOf(known, producerEpoch, isAgain, isAgainOfBefore)) return refused(ErrorCode.PRODUCER_FENCED)',
    replacement: '',
    tests: ['test/coordination/transactions/decisions.test.ts']
  },
  {
    what: 'a transactional id is taken while the transaction before is open',
    file: 'src/coordination/transactions/init-producer-id.ts',
    text: "    case 'Ongoing':\n      // This",
    replacement: "    case 'Empty':\n      // This",
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'the offsets of a transaction count before it is committed',
    file: 'src/coordination/groups/offsets/replay.ts',
    text: 'if (producerId === null) count(',
    replacement: 'if (producerId !== undefined) count(',
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'the offsets of a transaction that was aborted count',
    file: 'src/coordination/groups/offsets/replay.ts',
    text: "if (outcome === 'abort') return",
    replacement: '',
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'the end of a transaction is answered before it is safe',
    file: 'src/coordination/transactions/transaction-coordinator.ts',
    text: "      const errorCode = await this.#settledAs()\n      if (errorCode !== ErrorCode.NONE) return refused(errorCode)\n      return decision.kind === 'changed' ? decision.answer : decision",
    replacement: "      return decision.kind === 'changed' ? decision.answer : decision",
    tests: ['test/simulation/seeds.test.ts']
  },
  {
    what: 'who takes over transactional ids does not go on with the ends that are under way',
    file: 'src/coordination/transactions/transaction-coordinator.ts',
    text: 'if (endingAs(transaction) !== null) this.#completions.begin(transactionalId)\n    }\n    this.#every',
    replacement: '}\n    this.#every',
    tests: ['test/simulation/seeds.test.ts']
  }
]
