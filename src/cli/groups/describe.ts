/**
 * `odradek groups describe`: who is in the group, how far it has come, and how far it lags behind.
 */

import type { CommandDefinition } from '../command.ts'
import { groupOption } from '../other-names.ts'

export const describeGroup: CommandDefinition = {
  name: 'describe',
  aliases: ['desc'],
  summary: "a group's members, offsets and lag, with totals per topic",
  arguments: [{ name: '<group>', description: 'the group' }],
  options: [{ flags: '--watch', description: 'again every second, until Ctrl-C' }],
  synonyms: groupOption,
  examples: [['odradek groups describe payments --watch', 'see the lag drain']],
  async run(invocation) {
    const { runDescribe } = await import('./run-describe.ts')
    return await runDescribe(invocation)
  }
}
