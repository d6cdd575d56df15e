/**
 * Transactional ids by name or by pattern: `pay*` stands for each that matches. An id may itself hold a `*`: where there is one of the
 * very name that was written, that one is meant.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { globExpression, isPattern } from '../glob.ts'
import { everyTransaction } from './every-transaction.ts'

/** Ids as they were asked for, and in the place of each pattern those that match it. */
export async function idsOfTransactions(cluster: Cluster, asked: readonly string[]): Promise<string[]> {
  if (!asked.some(isPattern)) return [...new Set(asked)]
  const all = (await everyTransaction(cluster)).map(({ transactionalId }) => transactionalId)
  return [...new Set(asked.flatMap((id) => matching(id, all)))]
}

function matching(asked: string, all: readonly string[]): string[] {
  if (!isPattern(asked) || all.includes(asked)) return [asked]
  const expression = globExpression(asked)
  const found = all.filter((id) => expression.test(id))
  if (found.length > 0) return found
  throw new CliError({
    what: `no transactional id matches "${asked}"`,
    why: `there ${all.length === 1 ? 'is' : 'are'} ${counted(all.length, 'transactional id')}, and none of that name`,
    next: 'odradek transactions list',
    exitCode: ExitCode.notFound
  })
}
