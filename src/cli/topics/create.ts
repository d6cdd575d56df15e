/**
 * `odradek topics create`
 */

import type { CommandDefinition } from '../command.ts'
import { topicOption } from '../other-names.ts'
import { topicSettings } from './setting-names.ts'

export const createTopic: CommandDefinition = {
  name: 'create',
  summary: 'create a topic',
  arguments: [{ name: '<topic>', description: 'its name', isNew: true }],
  options: [
    { flags: '-p, --partitions <n>', description: 'how many partitions', otherwise: 'as the broker is set' },
    {
      flags: '-r, --replication-factor <n>',
      description: 'how many copies of each',
      otherwise: 'as the broker is set'
    },
    {
      flags: '-c, --config <name=value>',
      description: 'a setting, for example retention.ms=7d',
      repeatable: true,
      words: topicSettings.map((name) => `${name}=`)
    },
    { flags: '--if-not-exists', description: 'do nothing if there is one of that name' }
  ],
  synonyms: topicOption,
  examples: [
    ['odradek topics create orders -p 3', 'with three partitions'],
    ['odradek topics create state -c cleanup.policy=compact', 'a compacted one']
  ],
  async run(invocation) {
    const { runCreate } = await import('./run-create.ts')
    return await runCreate(invocation)
  }
}
