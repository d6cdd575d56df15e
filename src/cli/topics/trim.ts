/**
 * `odradek topics trim`: removes the oldest records, up to an offset, a time, or all.
 */

import type { CommandDefinition } from '../command.ts'
import { partitionOption, topicOption } from '../other-names.ts'

export const trimTopic: CommandDefinition = {
  name: 'trim',
  summary: 'remove the oldest records of a topic',
  notes: 'Shows what would go and asks for the name to be typed; --yes answers for scripts.',
  arguments: [{ name: '<topic>', description: 'the topic' }],
  options: [
    { flags: '--before <place>', description: 'an offset, @TIME, or end for everything', words: ['end'] },
    {
      flags: '-P, --partitions <list>',
      description: 'only these, for example 0 or 0,2-4',
      synonyms: partitionOption
    }
  ],
  synonyms: topicOption,
  examples: [
    ['odradek topics trim orders --before @-7d', 'what is older than a week'],
    ['odradek topics trim orders --before end --yes', 'empty it, without asking']
  ],
  async run(invocation) {
    const { runTrim } = await import('./run-trim.ts')
    return await runTrim(invocation)
  }
}
