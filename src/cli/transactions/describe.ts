/**
 * `odradek transactions describe`: where the transactions of transactional ids stand.
 */
import type { CommandDefinition } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { isPattern } from '../glob.ts'
import { transactionalIdOption } from '../other-names.ts'
import { chosenFormat, printRows, type Row, toJson } from '../output.ts'
import { partitionName } from '../partitions.ts'
import { shownTime } from '../zone.ts'
import { describeTransactions, type TransactionDescription } from './describe-transactions.ts'
import { openStates } from './every-transaction.ts'
import { idsOfTransactions } from './transaction-ids.ts'

export const describeTransaction: CommandDefinition = {
  name: 'describe',
  aliases: ['desc'],
  summary: 'where the transaction of an id stands: producer, age, partitions',
  notes: `"since" is when the last one began; "openMs" how long ago that is, while it is
open. One that is open for longer than "timeoutMs" is aborted by its coordinator.
"partitions" are those to which it has written, and whose readers of what is
committed wait for its end.`,
  arguments: [{ name: '<transactional-id...>', description: 'one or more ids, or patterns such as "pay*"' }],
  synonyms: transactionalIdOption,
  examples: [
    ['odradek transactions describe payments-1', 'of one producer'],
    ["odradek transactions describe '*' -o json", 'of all, for programs']
  ],
  run: (invocation) =>
    withCluster(invocation.global, async (cluster) => {
      const { args, terminal } = invocation
      const described = await describeTransactions(cluster, await idsOfTransactions(cluster, args))
      const nowMs = Date.now()
      const rows = described.map((one) => describedRow(one, nowMs))
      const [only] = args.length === 1 && !args.some(isPattern) ? rows : []
      // One that was named is one object, as a group is.
      if (only !== undefined && chosenFormat(invocation) === 'json') await terminal.write(`${toJson(only, 2)}\n`)
      else await printRows(invocation, columns, rows)
      return ExitCode.done
    })
}

const columns = [
  ...['transactionalId', 'state', 'producerId', 'epoch', 'timeoutMs'],
  ...['since', 'openMs', 'coordinator', 'partitions']
]

function describedRow(one: TransactionDescription, nowMs: number): Row {
  const { transactionalId, state, producerId, producerEpoch, timeoutMs, startMs, coordinator, partitions } = one
  return {
    transactionalId,
    state,
    producerId,
    epoch: producerEpoch,
    timeoutMs,
    since: startMs === undefined ? null : shownTime(startMs),
    openMs: startMs !== undefined && openStates.includes(state) ? Math.max(0, nowMs - startMs) : null,
    coordinator,
    partitions: partitions.map(partitionName).sort()
  }
}
