/**
 * Groups by name or by pattern: `pay*` stands for each group that matches. A group's name may itself hold a `*`: where there is one of
 * the very name that was written, that one is meant.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { counted } from '../counted.ts'
import { ExitCode } from '../exit-codes.ts'
import { globExpression, isPattern } from '../glob.ts'
import { everyGroup } from './every-group.ts'

/** Names as they were asked for, and in the place of each pattern the names that match it. */
export async function namesOfGroups(cluster: Cluster, asked: readonly string[]): Promise<string[]> {
  if (!asked.some(isPattern)) return [...new Set(asked)]
  const all = (await everyGroup(cluster)).map(({ group }) => group)
  return [...new Set(asked.flatMap((name) => matching(name, all)))]
}

function matching(asked: string, all: readonly string[]): string[] {
  if (!isPattern(asked) || all.includes(asked)) return [asked]
  const expression = globExpression(asked)
  const found = all.filter((name) => expression.test(name))
  if (found.length > 0) return found
  throw new CliError({
    what: `no group matches "${asked}"`,
    why: `there ${all.length === 1 ? 'is' : 'are'} ${counted(all.length, 'group')}, and none of that name`,
    next: 'odradek groups list',
    exitCode: ExitCode.notFound
  })
}
