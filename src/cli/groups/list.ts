/**
 * `odradek groups list`
 */
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { globExpression } from '../glob.ts'
import { printRows } from '../output.ts'
import { everyGroup } from './every-group.ts'

export const listGroups: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list consumer groups with their state',
  arguments: [{ name: '[glob]', description: 'only names that match, for example "pay*"' }],
  options: [{ flags: '--state <state>', description: 'only groups in this state, for example stable or empty' }],
  examples: [['odradek groups list --state empty', 'groups nobody is in']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const expression = globExpression(invocation.args[0] ?? '*')
      const wanted = invocation.flags.text('state')?.toLowerCase()
      const rows = (await everyGroup(cluster))
        .filter(
          ({ group, state }) => expression.test(group) && (wanted === undefined || state.toLowerCase() === wanted)
        )
        .map(({ group, state, type, protocol }) => ({ group, state, type, protocol }))
      await printRows(invocation, ['group', 'state', 'type', 'protocol'], rows)
      return ExitCode.done
    })
}
