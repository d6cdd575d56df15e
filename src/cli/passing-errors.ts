/** Kafka's errors that pass by themselves, by what it is that passes. */

/** By its name or by its id: just after a broker's start that passes, later the topic is gone. */
export const unknownTopics: ReadonlySet<number> = new Set([3, 100])

/** What has become of such a topic, and where to look. */
export const goneTopic = {
  why: 'it was deleted, or only in the memory of a broker that has ended since',
  next: 'odradek topics list'
} as const

/** No leader, another leader, a replica that is not there, a fenced or an unknown epoch, a changed topic id. */
export const leaderMoves: ReadonlySet<number> = new Set([5, 6, 9, 74, 75, 103])

/** The coordinator loads, or is not there yet. */
export const coordinatorComes: ReadonlySet<number> = new Set([14, 15])

/** The same, or it is another broker now. */
export const coordinatorMoves: ReadonlySet<number> = new Set([...coordinatorComes, 16])

/** KAFKA_STORAGE_ERROR: a disk that is full, a log that is offline. The broker itself is there, and a person mends it. */
export const storageError = 56
