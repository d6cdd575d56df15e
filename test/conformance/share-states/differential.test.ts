/**
 * The same requests to share coordinators, in an order that a seed chooses, to ours and to a real Apache Kafka: the same answers, the same
 * states and epochs, whatever was asked before, and the same sentences.
 */
import { describeSequences } from '../differential/sequences.ts'
import { begin, configs } from './beginning.ts'
import { Side, type Step, Steps } from './steps.ts'

describeSequences<Side, Steps, Step>({
  title: 'the states of share partitions as Apache Kafka has them',
  configs,
  side: (session) => new Side(session),
  steps: (seed) => new Steps(seed),
  begin,
  next: (steps) => steps.next(),
  take: async (step, side) => side.told(await side.session.ask(step.api, step.version, step.request(side))),
  history: (done) => done.map(({ what }) => what)
})
