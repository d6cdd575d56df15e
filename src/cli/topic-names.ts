/**
 * Topics by name or by pattern: `order*` stands for each topic that matches (no topic's name can hold a `*`), Kafka's own ones
 * aside unless the pattern begins as they do.
 */
import { CliError } from './cli-error.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'
import { ExitCode } from './exit-codes.ts'
import { globExpression, isPattern } from './glob.ts'
import { describeTopics, listAllTopics } from './partitions.ts'

/** A name that is not there is an error, and so is a pattern that matches nothing. */
export async function findTopics(
  cluster: Cluster,
  asked: readonly string[],
  missing?: 'can be made'
): Promise<TopicMetadata[]> {
  return await describeTopics(cluster, await namesOfTopics(cluster, asked), missing)
}

/** Names as they were asked for, and in the place of each pattern the names that match it. */
export async function namesOfTopics(
  cluster: Cluster,
  asked: readonly string[],
  unmatched: 'an error' | 'nothing' = 'an error'
): Promise<string[]> {
  if (!asked.some(isPattern)) return [...new Set(asked)]
  const all = await listAllTopics(cluster)
  const names = asked.flatMap((name) => {
    if (!isPattern(name)) return [name]
    const found = matching(name, all)
    if (found.length === 0 && unmatched === 'an error') throw nothingMatches(name, all)
    return found
  })
  return [...new Set(names)]
}

function matching(pattern: string, all: readonly TopicMetadata[]): string[] {
  const expression = globExpression(pattern)
  return all
    .filter((topic) => pattern.startsWith('_') || !topic.isInternal)
    .map((topic) => topic.name ?? '')
    .filter((name) => expression.test(name))
}

function nothingMatches(pattern: string, all: readonly TopicMetadata[]): CliError {
  return new CliError({
    what: `no topic matches "${pattern}"`,
    why: `there ${all.length === 1 ? 'is 1 topic' : `are ${all.length} topics`}, and none of that name`,
    next: 'odradek topics list',
    exitCode: ExitCode.notFound
  })
}
