/**
 * `odradek groups delete`
 */
import type { Cluster } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { confirmDestruction } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { concludeItems, type ItemResult } from '../per-item.ts'

export const deleteGroups: CommandDefinition = {
  name: 'delete',
  summary: 'delete groups with their committed offsets',
  notes: 'A group with members is not deleted. Asks for the name to be typed; --yes answers for scripts.',
  arguments: [{ name: '<group...>', description: 'one or more groups' }],
  examples: [['odradek groups delete payments --yes', 'without asking']],
  async run(invocation) {
    const names = [...new Set(invocation.args)]
    const what =
      names.length === 1
        ? `delete the group ${names[0]} with its offsets`
        : `delete ${names.length} groups: ${names.join(', ')}`
    await confirmDestruction(invocation, what, names.length === 1 ? (names[0] ?? '') : 'delete')
    return await withCluster(invocation.global, async (cluster) => {
      const results: ItemResult[] = []
      for (const name of names) results.push(await deleteGroup(cluster, name))
      return concludeItems(invocation, cluster, results, {
        done: 'deleted',
        failed: 'not deleted:',
        next: `odradek groups describe ${results.find((result) => result.errorCode !== 0)?.name ?? ''}`
      })
    })
  }
}

async function deleteGroup(cluster: Cluster, name: string): Promise<ItemResult> {
  const coordinator = await cluster.coordinator(name)
  const { results } = await cluster.answer('DeleteGroups', coordinator, [name])
  return { name, errorCode: results[0]?.errorCode ?? -1 }
}
