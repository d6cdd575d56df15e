/**
 * What a reader should know of a figure that the figure does not say: for a goal that was missed, what limits it and what was
 * tried. Written by hand, after a look at a profile; the document puts each beside its goal.
 */
export const goalNotes: Readonly<Record<string, string>> = {}

/** What to know about a row, whatever its figures. */
export const rowNotes: Readonly<Record<string, string>> = {
  'latency-acks-1':
    'A consumer never reads what a power cut could take back, so that with the default durability the way to the consumer holds a sync even at acks=1. `--durability os` does not wait.',
  'produce-1k':
    'Odradek syncs before each acknowledgement; `--durability os` makes the promise that Apache Kafka makes.',
  'many-clients':
    'All hundred clients live in one JVM on the same two cores as the broker, and are warmed up first: the CPU seconds of broker and client show who is the limit.',
  'group-of-two':
    'Kafka has its default group.initial.rebalance.delay.ms of 3000 here, Odradek its default of 0. A member of a classic group learns of a rebalance by its next heartbeat only: the Java client sends one every three seconds.',
  recovery:
    'The files are taken out of the page cache before each start. Each round finds the checkpoints as the crash left them.',
  'growth-partitions': "The null broker shows how much of a change is the client's own.",
  'growth-lag':
    'The null broker shows how much of a change is the client: each lag begins with a seek and a first fetch.'
}
