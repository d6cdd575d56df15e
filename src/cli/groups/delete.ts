/**
 * `odradek groups delete`
 */

import type { Cluster } from '../cluster.ts'
import type { CommandDefinition } from '../command.ts'
import { confirmDeletion } from '../confirm.ts'
import { withCluster } from '../connect.ts'
import { whileCoordinatorMoves } from '../coordinator-moves.ts'
import { groupOption } from '../other-names.ts'
import { concludeItems, type ItemResult } from '../per-item.ts'
import { everyGroup } from './every-group.ts'
import { namesOfGroups } from './group-names.ts'

const groupIdNotFound = 69

export const deleteGroups: CommandDefinition = {
  name: 'delete',
  aliases: ['rm'],
  summary: 'delete groups with their committed offsets',
  notes: `A group with members is not deleted. Asks for the name to be typed, or shows the
names of several; --yes answers for scripts.`,
  arguments: [{ name: '<group...>', description: 'one or more groups, or patterns such as "pay*"' }],
  synonyms: groupOption,
  examples: [
    ['odradek groups delete payments --yes', 'without asking'],
    ["odradek groups delete 'test-*'", 'all whose names begin so, after they were shown']
  ],
  async run(invocation) {
    return await withCluster(invocation.global, async (cluster) => {
      const names = await namesOfGroups(cluster, invocation.args)
      await confirmDeletion(invocation, { kind: 'group', lost: 'its offsets' }, () => existing(cluster, names))
      const results: ItemResult[] = []
      for (const name of names) results.push(await deleteGroup(cluster, name))
      const failed = results.find((result) => result.errorCode !== 0)
      return concludeItems(invocation, cluster, results, {
        done: 'deleted',
        failed: 'not deleted:',
        next:
          failed?.errorCode === groupIdNotFound
            ? 'odradek groups list'
            : `odradek groups describe ${failed?.name ?? ''}`
      })
    })
  }
}

async function existing(cluster: Cluster, names: readonly string[]): Promise<string[]> {
  const known = new Set((await everyGroup(cluster)).map(({ group }) => group))
  return names.filter((name) => known.has(name))
}

export async function deleteGroup(cluster: Cluster, name: string): Promise<ItemResult> {
  const ask = async () => cluster.answer('DeleteGroups', await cluster.coordinator(name), [name])
  const { results } = await whileCoordinatorMoves(cluster, ask, ({ results: [one] }) => one?.errorCode)
  return { name, errorCode: results[0]?.errorCode ?? -1 }
}
