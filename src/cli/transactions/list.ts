/**
 * `odradek transactions list`
 */
import { wrongUsage } from '../cli-error.ts'
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { globExpression } from '../glob.ts'
import { parseDurationMs } from '../human-values.ts'
import { printRows } from '../output.ts'
import { didYouMean } from '../similar.ts'
import { everyTransaction, openStates, transactionStates } from './every-transaction.ts'

export const listTransactions: CommandDefinition = {
  name: 'list',
  aliases: ['ls'],
  summary: 'list transactional ids with the state of their transactions',
  notes: `A transactional id is listed after its transaction ended too, until it expires
(transactional.id.expiration.ms). States are Kafka's: Ongoing is open; what is
about to end is PrepareCommit or PrepareAbort; CompleteCommit and CompleteAbort
have ended; Empty never had one.`,
  arguments: [{ name: '[glob]', description: 'only ids that match, for example "pay*"' }],
  options: [
    {
      flags: '--state <state>',
      description: 'only those in this state, for example ongoing',
      words: transactionStates,
      repeatable: true
    },
    { flags: '--producer-id <n>', description: 'only that of this producer', repeatable: true },
    {
      flags: '--longer-than <duration>',
      description: 'only those that are open for longer, for example 1m',
      synonyms: { '--duration-filter': ['--longer-than'] }
    }
  ],
  examples: [
    ['odradek transactions list --state ongoing', 'those that are open'],
    ['odradek transactions list --longer-than 1m', 'those that hold up readers of what is committed']
  ],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { args, flags } = invocation
      const expression = globExpression(args[0] ?? '*')
      const longerThanMs = flags.parsed('longerThan', parseDurationMs)
      const asked = flags.list('state').map(parseState)
      const listed = await everyTransaction(cluster, {
        // What has ended, or never began, lasts no longer.
        states: longerThanMs !== undefined && asked.length === 0 ? openStates : asked,
        producerIds: flags.list('producerId').map(parseProducerId),
        longerThanMs
      })
      const rows = listed
        .filter(({ transactionalId }) => expression.test(transactionalId))
        .map(({ transactionalId, state, producerId, coordinator }) => ({
          ...{ transactionalId, state, producerId, coordinator }
        }))
      await printRows(invocation, ['transactionalId', 'state', 'producerId', 'coordinator'], rows)
      return ExitCode.done
    })
}

function parseState(text: string): string {
  const known = transactionStates.find((state) => state.toLowerCase() === text.toLowerCase())
  if (known !== undefined) return known
  throw wrongUsage(
    `"${text}" is not a state of a transaction`,
    `${didYouMean(text, transactionStates)}known are ${transactionStates.join(', ')}`
  )
}

function parseProducerId(text: string): bigint {
  if (!/^\d{1,18}$/.test(text))
    throw wrongUsage(`"${text}" is not a producer id`, 'a producer id is a whole number such as 1000')
  return BigInt(text)
}
