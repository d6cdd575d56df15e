/**
 * `odradek topics alter`
 */

import type { CommandDefinition } from '../command.ts'
import { topicOption } from '../other-names.ts'
import { topicSettings } from './setting-names.ts'

export const alterTopic: CommandDefinition = {
  name: 'alter',
  summary: 'add partitions, change settings',
  notes: 'Keys move to other partitions when partitions are added; their number never shrinks.',
  arguments: [{ name: '<topic>', description: 'the topic' }],
  options: [
    { flags: '-p, --partitions <n>', description: 'so many partitions in all' },
    {
      flags: '-c, --config <name=value>',
      description: 'a setting, for example retention.ms=7d',
      repeatable: true,
      words: topicSettings.map((name) => `${name}=`)
    },
    { flags: '--delete-config <name>', description: 'back to the default', repeatable: true, words: topicSettings }
  ],
  synonyms: topicOption,
  examples: [
    ['odradek topics alter orders -p 6', 'six partitions from now on'],
    ['odradek topics alter orders -c retention.ms=7d', 'keep records for a week']
  ],
  async run(invocation) {
    const { runAlter } = await import('./run-alter.ts')
    return await runAlter(invocation)
  }
}
