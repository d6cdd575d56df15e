/** What group coordinators need to know of topics: which exist, and which id belongs to which name. */
export interface TopicNames {
  nameOf(topicId: string): string | undefined
  idOf(name: string): string | undefined
  exists(name: string, partition: number): boolean
}

/** What consumer groups need besides: how a topic is made up, and which there are. */
export interface GroupTopics extends TopicNames {
  /** 0 when there is no such topic. */
  partitionCount(name: string): number
  /** The racks of the brokers that have copies of the partition. */
  racksOf(name: string, partition: number): readonly string[]
  names(): Iterable<string>
}
