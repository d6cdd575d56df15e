/**
 * `odradek topics delete`
 */
import type { CommandDefinition } from '../command.ts'
import { confirmDestruction } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { concludeItems } from '../per-item.ts'

const unknownTopic = 3

export const deleteTopics: CommandDefinition = {
  name: 'delete',
  summary: 'delete topics with all their records',
  notes: 'Asks for the name to be typed; --yes answers for scripts.',
  arguments: [{ name: '<topic...>', description: 'one or more topics' }],
  options: [{ flags: '--if-exists', description: 'a topic that is not there is no failure' }],
  examples: [['odradek topics delete orders --yes', 'gone, without asking']],
  async run(invocation) {
    const { args, flags, global } = invocation
    const names = [...new Set(args)]
    const what =
      names.length === 1
        ? `delete the topic ${names[0]} with all its records`
        : `delete ${names.length} topics: ${names.join(', ')}`
    await confirmDestruction(invocation, what, names.length === 1 ? (names[0] ?? '') : 'delete')
    return await withCluster(global, async (cluster) => {
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
