/**
 * `odradek groups list`
 */
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { printRows } from '../output.ts'

export const listGroups: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list consumer groups with their state',
  options: [{ flags: '--state <state>', description: 'only groups in this state, for example stable or empty' }],
  examples: [['odradek groups list --state empty', 'groups nobody is in']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const wanted = invocation.flags.text('state')?.toLowerCase()
      const answers = await Promise.all(cluster.nodeIds.map((node) => cluster.call('ListGroups', node, [], [])))
      const rows = answers
        .flatMap((answer) => answer.groups)
        .filter((group) => wanted === undefined || group.groupState.toLowerCase() === wanted)
        .sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
        .map((group) => ({
          group: group.groupId,
          state: group.groupState,
          type: group.groupType ?? 'classic',
          protocol: group.protocolType
        }))
      await printRows(invocation, ['group', 'state', 'type', 'protocol'], rows)
      return ExitCode.done
    })
}
