/** Transactions of a Java producer, and reading what was committed. */
import { javaProgram } from '../../java/programs.ts'
import type { Figure, Row, Size } from '../row.ts'
import { onOneBroker } from '../stations.ts'
import { createTopic } from './load.ts'

interface Writing {
  readonly perTransaction: number
  readonly records: Readonly<Record<Size, number>>
}

/** By the key of the figure. */
const writings: Readonly<Record<string, Writing>> = {
  few: { perTransaction: 100, records: { full: 100_000, quick: 1000 } },
  many: { perTransaction: 10_000, records: { full: 2_000_000, quick: 20_000 } }
}

const figures: readonly Figure[] = [
  { key: 'few', what: 'produce, 100 records a transaction', unit: 'records/s', better: 'more' },
  { key: 'many', what: 'produce, 10,000 records a transaction', unit: 'records/s', better: 'more' },
  { key: 'few-read', what: 'read committed, 100 a transaction', unit: 'records/s', better: 'more' },
  { key: 'many-read', what: 'read committed, 10,000 a transaction', unit: 'records/s', better: 'more' }
]

export const transactions: Row = {
  name: 'transactions',
  family: 'throughput',
  what: 'a Java producer, 100 B records in one transaction after the other, and a Java consumer of committed records, with their own defaults',
  contenders: ['kafka', 'odradek', 'odradek-os'],
  figures,
  open: (contender, { size }) =>
    onOneBroker(contender, {
      warmUp: size,
      async measure(broker, round) {
        const sample: Record<string, number> = {}
        for (const [key, { perTransaction, records }] of Object.entries(writings)) {
          const topic = `transactions-${key}-${round}`
          await createTopic(broker, topic)
          const work = [broker.bootstrap, topic, perTransaction, records[size]]
          const [written = Number.NaN, read = Number.NaN] = await javaProgram('Transactions', work)
          sample[key] = written
          sample[`${key}-read`] = read
        }
        return sample
      }
    })
}
