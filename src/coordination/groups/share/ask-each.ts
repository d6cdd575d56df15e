/** The same asked of share coordinators for many share partitions of a group: some at a time, in slices, so that nobody waits for the asking. */
import type { Clock } from '../../../host/clock.ts'
import { Slices } from '../../../host/slices.ts'
import { limits } from '../../../limits.ts'
import type { ShareStateAnswer } from '../../share-states/objection.ts'
import type { TopicPartition } from './state-partitions.ts'

export type AnsweredPartition<Asked extends TopicPartition> = Asked & { readonly answer: ShareStateAnswer }

export async function askEach<Asked extends TopicPartition>(
  clock: Clock,
  partitions: readonly Asked[],
  ask: (partition: Asked) => Promise<ShareStateAnswer>
): Promise<readonly AnsweredPartition<Asked>[]> {
  const slices = new Slices(clock)
  const answered: AnsweredPartition<Asked>[] = []
  for (let begin = 0; begin < partitions.length; begin += limits.shareStatesAtOnce) {
    const asked: Promise<AnsweredPartition<Asked>>[] = []
    for (const partition of partitions.slice(begin, begin + limits.shareStatesAtOnce)) {
      const turn = slices.othersTurn()
      if (turn !== null) await turn
      asked.push(ask(partition).then((answer) => ({ ...partition, answer })))
    }
    answered.push(...(await Promise.all(asked)))
  }
  return answered
}
