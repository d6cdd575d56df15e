/**
 * `odradek check`: the health of a stopped directory.
 */
import type { CommandDefinition } from '../command.ts'

export const check: CommandDefinition = {
  name: 'check',
  summary: 'the health of a stopped directory: every batch, index and checkpoint',
  notes: `For a directory of Odradek or Apache Kafka that nobody serves. Nothing is changed. Exit code 0: it is healthy;
7: something was found; 1: it cannot be looked at, or somebody serves it.
  damaged   what was acknowledged cannot be served, or not all of it
  remade    the next start makes it anew, and nothing is lost
  stray     it belongs to no topic, or to other brokers`,
  arguments: [{ name: '<directory>', description: 'where the data lies' }],
  examples: [
    ['odradek check odradek-data', 'look at everything'],
    ['odradek check /var/lib/kafka -o json', 'what was found, for a program']
  ],
  async run(invocation) {
    const { runCheck } = await import('./run.ts')
    return await runCheck(invocation)
  }
}
