/**
 * `odradek topics delete`
 */

import type { Cluster } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { confirmDeletion } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { topicOption } from '../other-names.ts'
import { concludeItems } from '../per-item.ts'
import { namesOfTopics } from '../topic-names.ts'

const unknownTopic = 3

export const deleteTopics: CommandDefinition = {
  name: 'delete',
  aliases: ['rm'],
  summary: 'delete topics with all their records',
  notes: 'Asks for the name to be typed, or shows the names of several; --yes answers for scripts.',
  arguments: [{ name: '<topic...>', description: 'one or more topics, or patterns such as "order*"' }],
  options: [{ flags: '--if-exists', description: 'a topic that is not there is no failure' }],
  synonyms: topicOption,
  examples: [
    ['odradek topics delete orders --yes', 'gone, without asking'],
    ["odradek topics delete 'test-*'", 'all whose names begin so, after they were shown']
  ],
  async run(invocation) {
    const { args, flags, global } = invocation
    return await withCluster(global, async (cluster) => {
      const names = await namesOfTopics(cluster, args, flags.has('ifExists') ? 'nothing' : 'an error')
      if (names.length === 0) return ExitCode.done
      await confirmDeletion(invocation, { kind: 'topic', lost: 'all its records' }, () => existing(cluster, names))
      const request = names.map((name) => ({ name, topicId: null }))
      const { responses } = await cluster.answer('DeleteTopics', 'controller', request, cluster.timeoutMs)
      const results = responses.map((response) => ({
        name: response.name ?? '',
        errorCode: flags.has('ifExists') && response.errorCode === unknownTopic ? 0 : response.errorCode,
        errorMessage: response.errorMessage
      }))
      return concludeItems(invocation, cluster, results, {
        done: 'deleted',
        failed: 'not deleted:',
        next: 'odradek topics list'
      })
    })
  }
}

async function existing(cluster: Cluster, names: readonly string[]): Promise<string[]> {
  const { topics } = await cluster.metadata(names, 'leave')
  return topics.filter((topic) => topic.errorCode !== unknownTopic).map((topic) => topic.name ?? '')
}
