/**
 * `odradek groups describe`: who is in each group, how far it has come, and how far it lags behind.
 */

import type { CommandDefinition } from '../command.ts'
import { groupOption } from '../other-names.ts'

export const describeGroup: CommandDefinition = {
  name: 'describe',
  aliases: ['desc'],
  summary: 'the members, offsets and lag of groups, with totals per topic',
  arguments: [{ name: '<group...>', description: 'one or more groups, or patterns such as "pay*"' }],
  notes: `Of a share group, committed is where it starts in a partition: everything before is done. A member of a streams group has
tasks; 0_2 is partition 2 of subtopology 0.`,
  options: [{ flags: '--watch', description: 'again every second, until Ctrl-C' }],
  synonyms: groupOption,
  examples: [
    ['odradek groups describe payments --watch', 'see the lag drain'],
    ["odradek groups describe '*'", 'all of them']
  ],
  async run(invocation) {
    const { runDescribe } = await import('./run-describe.ts')
    return await runDescribe(invocation)
  }
}
