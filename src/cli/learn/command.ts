/**
 * `odradek learn`: the seven concepts, each with an experiment on a live broker.
 */
import type { CommandDefinition } from '../command.ts'
import { voices } from './concept.ts'

export const learn: CommandDefinition = {
  name: 'learn',
  summary: 'the seven concepts of Kafka, each tried on a live broker',
  notes: `Without a concept: the list. topic, broker, producer, partition, consumer, offset, replication; or all.
Each lesson takes about two minutes: a problem, a picture, the definition, an experiment whose outcome is measured, and one
question that is checked by asking the broker. A claim that the broker does not bear out is told, and the exit code is 7.

It runs on an embedded broker, or on a cluster named with --bootstrap-server; other settings and the environment are not
asked for one. Topics and groups that it makes have names that begin with learn-, and are deleted at the end.

On a pipe nothing waits. Questions take the lines of standard input, one each (s skips, q leaves); without lines they are
skipped. -o jsonl prints each claim as a row: id, statement, holds, measured.`,
  arguments: [{ name: '[concept]', description: 'which one; or all' }],
  options: [
    { flags: '--voice <voice>', description: 'in the kitchen, in Kafka, or both', choices: voices, default: 'both' },
    { flags: '--keep', description: 'leave topics, groups and the data of the embedded broker where they are' }
  ],
  examples: [
    ['odradek learn', 'the seven, a line each'],
    ['odradek learn partition', 'where a key goes, and why'],
    ['odradek learn all --voice layman --yes', 'all seven without waiting'],
    ['odradek learn replication -b localhost:9092', 'on a cluster: stop a broker, and see what is left']
  ],
  async run(invocation) {
    const { runLearn } = await import('./run.ts')
    return await runLearn(invocation)
  }
}
