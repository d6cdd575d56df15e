/**
 * `odradek learn`: the seven concepts, each with an experiment on a live broker.
 */
import type { CommandDefinition } from '../command.ts'
import { voices } from './concept.ts'
import { lessonNames } from './lesson-names.ts'

export const learn: CommandDefinition = {
  name: 'learn',
  summary: 'the seven concepts of Kafka, each tried on a live broker',
  notes: `Without a concept: the list. topic, broker, producer, partition, consumer, offset, replication; what they
are good for together: exactly-once; or all.
Each lesson takes less than five minutes: a problem, what the word means, an experiment whose outcome is measured, and one
question that is checked by asking the broker. A claim that the broker does not bear out is told, and the exit code is 7.

It is told in one voice at a time: to a layman as a post office and then in a kitchen, without a command or a number in hex; to an
engineer in Kafka's words, with each command and, below it, what that command prints.

It runs on an embedded broker (replication: on three), or on a cluster named with --bootstrap-server; other settings and the environment are not
asked for one. Topics and groups that it makes have names that begin with learn-, and are deleted at the end.

On a pipe nothing waits. Questions take the lines of standard input, one each (s skips, q leaves); without lines they are
skipped. -o jsonl prints a row for each event: begin (brokers, prefix), claim (id, holds, statement, measured), question, action
and answer (outcome: right, wrong or skipped).`,
  arguments: [{ name: '[concept]', description: 'which one; or all', words: lessonNames }],
  options: [
    {
      flags: '--voice <voice>',
      description: 'in whose words',
      choices: voices,
      otherwise: 'layman, with -o engineer'
    },
    { flags: '--keep', description: 'leave topics, groups and the data of the embedded broker where they are' }
  ],
  examples: [
    ['odradek learn', 'the seven, a line each'],
    ['odradek learn partition', 'where an order goes, and why'],
    ['odradek learn partition --voice engineer', "the same in Kafka's words, with the commands"],
    ['odradek learn all --yes', 'all seven without waiting'],
    ['odradek learn replication -b localhost:9092', 'on a cluster: stop a broker, and see what is left']
  ],
  async run(invocation) {
    const { runLearn } = await import('./run.ts')
    return await runLearn(invocation)
  }
}
