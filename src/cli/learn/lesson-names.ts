/** What `learn` can be asked for, in the order of the lessons; without their texts, which a start need not load. */
export const lessonNames: readonly string[] = [
  'topic',
  'broker',
  'producer',
  'partition',
  'consumer',
  'offset',
  'replication-factor',
  'exactly-once',
  'all'
]
