/** What a test knows of a group and its topic beside the programs: who is in it, and how far it committed. */
import { Kafka, logLevel } from 'kafkajs'

export interface GroupState {
  readonly state: string
  readonly members: number
  /** By partition; -1 where nothing is committed. */
  readonly committed: ReadonlyMap<number, number>
}

export async function groupState(bootstrap: string, groupId: string, topic: string): Promise<GroupState> {
  return await withAdmin(bootstrap, async (admin) => {
    const { groups } = await admin.describeGroups([groupId])
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const committed = (offsets?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const)
    return { state: groups[0]?.state ?? '', members: groups[0]?.members.length ?? 0, committed: new Map(committed) }
  })
}

export async function createTopic(bootstrap: string, topic: string, numPartitions: number): Promise<void> {
  await withAdmin(bootstrap, (admin) => admin.createTopics({ topics: [{ topic, numPartitions }] }))
}

async function withAdmin<Result>(
  bootstrap: string,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<Result>
): Promise<Result> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
