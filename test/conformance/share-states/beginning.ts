/** What a broker goes through before it is asked for the states of share partitions. */
import { until } from '../differential/sequences.ts'
import { fieldOf, textOf } from '../differential/session.ts'
import { Api, type Side, type Steps } from './steps.ts'

const shareKeyType = 2
const noId = 'AAAAAAAAAAAAAAAAAAAAAA'

/** So that snapshots are written in between. */
export const configs = {
  'share.coordinator.snapshot.update.records.per.snapshot': '3',
  'share.coordinator.state.topic.num.partitions': '3'
}

/** Resolves when the topic is there, and known by its id, and coordinators have loaded: before, the answers are not those of the steps. */
export async function begin(side: Side, { topic, groups }: Steps): Promise<void> {
  const { session } = side
  const topics = [{ name: topic, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }]
  await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  const named = { topics: [{ topicId: noId, name: topic }], allowAutoTopicCreation: false }
  await until(async () => {
    side.topicId = String(fieldOf(await session.ask(Api.Metadata, 12, named), 'topicId'))
    return side.topicId !== noId
  })
  for (const groupId of groups)
    for (const partition of [0, 1]) {
      const coordinatorKeys = [`${groupId}:${side.topicId}:${partition}`]
      await until(async () => {
        const found = await session.ask(Api.FindCoordinator, 6, { keyType: shareKeyType, coordinatorKeys })
        if (fieldOf(found, 'errorCode') !== 0) return false
        const asked = { groupId, topics: [{ topicId: side.topicId, partitions: [{ partition, leaderEpoch: 0 }] }] }
        return !/"errorCode":[1-9]/.test(textOf(await session.ask(Api.ReadSummary, 1, asked)))
      })
    }
}
