/** `odradek groups why`: why the consumers of a group are given nothing. */
import type { CommandDefinition } from '../command.ts'
import { groupOption, topicOption } from '../other-names.ts'

export const whyGroup: CommandDefinition = {
  name: 'why',
  aliases: ['explain'],
  summary: 'why the consumers of a group are given nothing',
  notes: `Looks at the group and at each partition that it reads, and says what keeps its
consumers from getting more: no consumer is there, another one has the partition,
all is read, what was to be read next was removed, a transaction is open, ...
It looks twice, a second apart, to see whether a reader gets on. Nothing is changed.`,
  arguments: [
    { name: '<group>', description: 'the group' },
    { name: '[topic...]', description: 'topics that it should read, and perhaps does not' }
  ],
  synonyms: { ...groupOption, ...topicOption },
  examples: [
    ['odradek groups why payments', 'for each partition what it waits for'],
    ['odradek groups why payments orders', 'also why it does not read orders at all']
  ],
  async run(invocation) {
    const { runWhy } = await import('./run-why.ts')
    return await runWhy(invocation)
  }
}
