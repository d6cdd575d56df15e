/**
 * `odradek transactions find-hanging`: transactions that no coordinator knows of, so that nobody will end them.
 */
import type { CommandDefinition } from '../command.ts'
import { topicOption } from '../other-names.ts'

export const findHangingTransactions: CommandDefinition = {
  name: 'find-hanging',
  summary: 'find transactions that nobody will end',
  notes: `A transaction that hangs is open in a partition, and no coordinator knows of it
(KIP-664). Readers of what is committed get nothing behind its start, and
compaction stops there. Each is shown with the line that ends it.

Looked at are transactions whose producer has written nothing for --longer-than:
a younger one may not be known to its coordinator yet.`,
  arguments: [{ name: '[topic...]', description: 'only these topics, or patterns such as "order*" (default: all)' }],
  options: [
    {
      flags: '--longer-than <duration>',
      description: 'silent for so long; at most what brokers allow as a timeout',
      default: '15m',
      synonyms: { '--max-transaction-timeout': ['--longer-than'] }
    }
  ],
  synonyms: topicOption,
  examples: [
    ['odradek transactions find-hanging', 'in all topics'],
    ['odradek transactions find-hanging orders --longer-than 1m', 'in one, where transactions are short']
  ],
  async run(invocation) {
    const { runFindHanging } = await import('./run-find-hanging.ts')
    return await runFindHanging(invocation)
  }
}
