/** What group coordinators need to know of topics: which exist, and which id belongs to which name. */
export interface TopicNames {
  nameOf(topicId: string): string | undefined
  idOf(name: string): string | undefined
  exists(name: string, partition: number): boolean
}
