/**
 * `odradek groups list`
 */
import { wrongUsage } from '../cli-error.ts'
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { hintIfEmpty } from '../empty-list.ts'
import { ExitCode } from '../exit-codes.ts'
import { globExpression } from '../glob.ts'
import { printRows } from '../output.ts'
import { didYouMean } from '../similar.ts'
import { everyGroup } from './every-group.ts'

/** Of every kind of group. */
const states = [
  'stable',
  'empty',
  'dead',
  'preparingrebalance',
  'completingrebalance',
  'assigning',
  'reconciling',
  'notready'
]

function stateOf(text: string): string {
  const state = text.toLowerCase()
  if (states.includes(state)) return state
  throw wrongUsage(`"${text}" is no state of a group`, `${didYouMean(state, states)}known are ${states.join(', ')}`)
}

export const listGroups: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list groups of every kind with their state',
  arguments: [{ name: '[glob]', description: 'only names that match, for example "pay*"' }],
  options: [
    { flags: '--state <state>', description: 'only groups in this state, for example stable or empty', words: states }
  ],
  examples: [['odradek groups list --state empty', 'groups nobody is in']],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const expression = globExpression(invocation.args[0] ?? '*')
      const wanted = invocation.flags.parsed('state', stateOf)
      const all = await everyGroup(cluster)
      const rows = all
        .filter(
          ({ group, state }) => expression.test(group) && (wanted === undefined || state.toLowerCase() === wanted)
        )
        .map(({ group, state, type, protocol }) => ({ group, state, type, protocol }))
      await printRows(invocation, ['group', 'state', 'type', 'protocol'], rows)
      hintIfEmpty(invocation, 'group', { shown: rows.length, all: all.length })
      return ExitCode.done
    })
}
