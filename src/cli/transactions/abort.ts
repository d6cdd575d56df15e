/**
 * `odradek transactions abort`: ends what a producer has left open.
 */
import type { CommandDefinition } from '../command.ts'
import { transactionalIdOption } from '../other-names.ts'

export const abortTransaction: CommandDefinition = {
  name: 'abort',
  summary: 'abort the transaction of an id, or one that hangs in a partition',
  notes: `By its id: the coordinator aborts it in all its partitions, as if another
producer had begun with that id. Its producer is fenced: what it still writes is
refused, until it begins anew.

By its place, as find-hanging shows it: a marker ends it in that one partition.
That is for a transaction that no coordinator knows of; any other is aborted by
its id, so that it ends in all its partitions alike.

Its records stay in the log, and readers of what is committed pass them over.
Asks for the id, or the topic, to be typed; --yes answers for scripts.`,
  arguments: [{ name: '[transactional-id]', description: 'the id whose transaction is open' }],
  options: [
    { flags: '-t, --topic <topic>', description: 'where one hangs: its topic' },
    {
      flags: '-P, --partition <number>',
      description: 'where one hangs: its partition',
      synonyms: { '-p': ['--partition'] }
    },
    { flags: '--start-offset <offset>', description: 'where one hangs: the offset at which it begins' }
  ],
  synonyms: transactionalIdOption,
  examples: [
    ['odradek transactions abort payments-1', 'what that producer has open'],
    ['odradek transactions abort -t orders -P 0 --start-offset 42', 'one that hangs']
  ],
  async run(invocation) {
    const { runAbort } = await import('./run-abort.ts')
    return await runAbort(invocation)
  }
}
