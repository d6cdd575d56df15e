/**
 * `odradek topics compact`: what compaction would remove.
 */

import type { CommandDefinition } from '../command.ts'
import { partitionOption, topicOption } from '../other-names.ts'

export const compactTopic: CommandDefinition = {
  name: 'compact',
  summary: 'what compaction would remove of a topic',
  notes:
    'Reads the topic and changes nothing: the cluster compacts by itself, when enough is superseded. Also of topics that are not compacted: what would go if they were.',
  arguments: [{ name: '<topic>', description: 'the topic' }],
  options: [
    {
      flags: '-P, --partitions <list>',
      description: 'only these, for example 0 or 0,2-4',
      synonyms: partitionOption
    }
  ],
  synonyms: topicOption,
  examples: [['odradek topics compact orders', 'how much of it a newer record of the same key has superseded']],
  async run(invocation) {
    const { runCompact } = await import('./run-compact.ts')
    return await runCompact(invocation)
  }
}
