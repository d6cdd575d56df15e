/**
 * The same requests about share groups (KIP-932), in an order that a seed chooses, to ours and to a real Apache Kafka: the same answers,
 * the same epochs, as many partitions, whatever was asked before.
 */
import { describeSequences } from '../differential/sequences.ts'
import { begin, take } from './beginning.ts'
import { Side, type Step, Steps } from './steps.ts'

describeSequences<Side, Steps, Step>({
  title: 'share groups as Apache Kafka has them',
  side: (session) => new Side(session),
  steps: (seed) => new Steps(seed),
  begin,
  next: (steps) => steps.next(),
  take: (step, side) => take(step, side),
  history: (done) => done.map(({ what }) => what)
})
