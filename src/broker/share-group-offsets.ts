/** How far a share group is in partitions, as DescribeShareGroupOffsets tells it (Kafka: GroupCoordinatorService.describeShareGroupOffsets). */
import type { SummaryAnswer } from '../coordination/share-states/read.ts'
import { noCount, unknownStartOffset } from '../coordination/share-states/state.ts'
import { Slices } from '../host/slices.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { DescribeShareGroupOffsetsRequest } from '../protocol/generated/api/describe-share-group-offsets-request.ts'
import type { DescribeShareGroupOffsetsResponse } from '../protocol/generated/api/describe-share-group-offsets-response.ts'
import type { Decoded } from '../protocol/message.ts'
import { ZERO_UUID } from '../protocol/primitives.ts'
import type { Broker } from './broker.ts'

type AskedGroup = Decoded<DescribeShareGroupOffsetsRequest>['groups'][number]
type Group = DescribeShareGroupOffsetsResponse['groups'][number]
type Topic = Group['topics'][number]
type Partition = Topic['partitions'][number]

interface AskedTopic {
  readonly topicName: string
  readonly topicId: string
  readonly partitions: Iterable<number>
}

const unknownLag = -1
const notInitialized = { startOffset: unknownStartOffset, leaderEpoch: 0, lag: unknownLag, errorCode: ErrorCode.NONE }

export async function describedShareGroupOffsets(broker: Broker, { groupId, topics }: AskedGroup): Promise<Group> {
  const asked = topics === null ? await initializedTopics(broker, groupId) : namedTopics(broker, topics)
  if (asked === null) return { groupId, topics: [], errorCode: ErrorCode.NOT_COORDINATOR, errorMessage: null }
  const slices = new Slices(broker.host.clock)
  const described: Topic[] = []
  for (const { topicName, topicId, partitions } of asked) {
    const answers: Promise<Partition>[] = []
    for (const partition of partitions) {
      const turn = slices.othersTurn()
      if (turn !== null) await turn
      answers.push(describedPartition(broker, groupId, topicId, partition))
    }
    described.push({ topicName, topicId, partitions: await Promise.all(answers) })
  }
  return { groupId, topics: described, errorCode: ErrorCode.NONE, errorMessage: null }
}

function namedTopics({ topicNames }: Broker, topics: NonNullable<AskedGroup['topics']>): readonly AskedTopic[] {
  const named = topics.map(({ topicName, partitions }) => {
    return { topicName, topicId: topicNames.idOf(topicName) ?? ZERO_UUID, partitions }
  })
  // Those that do not exist come last, as in Kafka.
  const isMissing = ({ topicId }: AskedTopic) => topicId === ZERO_UUID
  return [...named.filter((topic) => !isMissing(topic)), ...named.filter(isMissing)]
}

/** Null when the group is not looked after here. */
async function initializedTopics(broker: Broker, groupId: string): Promise<readonly AskedTopic[] | null> {
  const coordinator = await broker.groupCoordinatorFor(groupId)
  const initialized = (await coordinator?.shareOffsets.initialized(groupId)) ?? null
  if (initialized === null) return null
  return Array.from(initialized).flatMap(([topicId, { partitions }]) => {
    const topicName = broker.topicNames.nameOf(topicId)
    return topicName === undefined ? [] : [{ topicName, topicId, partitions }]
  })
}

async function describedPartition(
  broker: Broker,
  groupId: string,
  topicId: string,
  partition: number
): Promise<Partition> {
  const answer = { partitionIndex: partition, ...notInitialized, errorMessage: null }
  if (topicId === ZERO_UUID) return answer
  const summary = await broker.shares.persister.summarize({ groupId, topicId, partition })
  if (summary.errorCode !== ErrorCode.NONE) return answer
  const { startOffset, leaderEpoch } = summary
  const known = { ...answer, startOffset, leaderEpoch }
  if (startOffset === unknownStartOffset || summary.deliveryCompleteCount === noCount) return known
  return withLag(broker, known, topicId, summary)
}

/** Records that nobody is done with: those from the start offset on, without those that are done behind it. */
async function withLag(
  broker: Broker,
  known: Partition,
  topicId: string,
  { startOffset, deliveryCompleteCount }: SummaryAnswer
): Promise<Partition> {
  const { partitionIndex } = known
  const end = await broker.latestOffsets.of(topicId, partitionIndex)
  if (typeof end === 'number') return { ...known, lag: end - startOffset - deliveryCompleteCount }
  const errorMessage = 'The end of the partition is not known.'
  return { partitionIndex, ...notInitialized, startOffset: 0, errorCode: end.error, errorMessage }
}
