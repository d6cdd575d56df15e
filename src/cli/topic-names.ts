/**
 * Topics by name or by pattern: `order*` stands for each topic that matches (no topic's name can hold a `*`), Kafka's own ones
 * aside unless the pattern begins as they do.
 */
import { CliError } from './cli-error.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'
import { ExitCode } from './exit-codes.ts'
import { globExpression } from './glob.ts'
import { describeTopics, listAllTopics } from './partitions.ts'

export function isPattern(name: string): boolean {
  return /[*?[]/.test(name)
}

/** A name that is not there is an error, and so is a pattern that matches nothing. */
export async function findTopics(
  cluster: Cluster,
  asked: readonly string[],
  missing?: 'can be made'
): Promise<TopicMetadata[]> {
  if (!asked.some(isPattern)) return await describeTopics(cluster, [...new Set(asked)], missing)
  const all = await listAllTopics(cluster)
  const names = asked.flatMap((name) => (isPattern(name) ? matching(name, all) : [name]))
  return await describeTopics(cluster, [...new Set(names)], missing)
}

function matching(pattern: string, all: readonly TopicMetadata[]): string[] {
  const expression = globExpression(pattern)
  const names = all
    .filter((topic) => pattern.startsWith('_') || !topic.isInternal)
    .map((topic) => topic.name ?? '')
    .filter((name) => expression.test(name))
  if (names.length > 0) return names
  throw new CliError({
    what: `no topic matches "${pattern}"`,
    why: `there ${all.length === 1 ? 'is 1 topic' : `are ${all.length} topics`}, and none of that name`,
    next: 'odradek topics list',
    exitCode: ExitCode.notFound
  })
}
