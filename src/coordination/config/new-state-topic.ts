/** A topic that a coordinator's log is kept in, as it is made on first use. */
export interface NewStateTopic {
  readonly partitions: number
  readonly replicationFactor: number
  readonly config: Readonly<Record<string, string>>
}
