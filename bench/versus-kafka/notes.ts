/**
 * What a reader should know of a figure that the figure does not say: for a goal that was missed, what limits it and what was
 * tried. Written by hand, after a look at a profile; the document puts each beside its goal.
 */
const sync =
  'Each acknowledgement waits for a sync of the file, which Kafka does not do. An fdatasync of a file that grows takes 0.2 to 0.4 ms and costs the broker as much processor time again as all else (6 to 8 seconds for a million records, 3 to 4 with `--durability os`), on cores that the client fills; the answers come later, and a producer has five batches under way. Tried and not kept, in turns: syncs a millisecond apart (0.65 of Kafka where the default came to 0.88), the sync on the main thread (0.97, but one slow disk would stop everybody). Blocks written before they are needed would save 0.07 ms of the 1.4 ms that such a round of five batches takes, for twice the bytes: the disk is a tenth of it, the hops between the threads and their turns on the two cores are the rest.'
const syncedReader =
  'A consumer never reads what a power cut could take back, so that a sync (0.2 to 0.4 ms, and two hops between threads) lies on its way; Kafka, warm, needs 0.2 ms in all and gives what is in the cache of the system. With `--durability os` it is not there.'
const light =
  'What is left are two processes that wake each other on two cores beside the client; kfake, in memory and in Go, is the nearest.'
const client =
  'The client is the limit: it fills the cores, and what is left to win is what the broker takes from them.'

export const goalNotes: Readonly<Record<string, string>> = {
  'produce 100 B, to null':
    'The broker takes twice the processor time of the null broker (0.36 against 0.15 seconds for a million records; Kafka 0.68), on cores that the client fills: half of it is the kernel. Tried and kept: one write for all that a turn brings, no sync that nobody waits for. Tried and not kept: see "What was not done" below.',
  'produce 1 KB, to null':
    'The broker takes 3.4 processor seconds for a million records, the null broker 1.3, on cores that the client fills: the kernel for the write, and a look at each record.',
  'produce 1 KB, synced, Kafka not': sync,
  'produce lz4': sync,
  'produce zstd': sync,
  'produce lz4, like for like': client,
  'produce zstd, like for like': client,
  'consume 1 KB, to null': client,
  'many clients, like for like':
    'A round took two to four seconds and differed by half from the next, for Kafka most (136,000 to 372,000): a hundred clients in one JVM fill both cores, and who comes first gets the small batches. Rounds are four times as long since: see "Measured again" below.',
  'end to end average, acks=1': syncedReader,
  'end to end p99, acks=1': syncedReader,
  'end to end average, acks=all': syncedReader,
  'end to end p99, acks=all': syncedReader,
  'end to end average, acks=1, os': light,
  'end to end p99, acks=1, os': `${light} The tail differs by a third from round to round.`,
  'end to end average, acks=all, os': light,
  'end to end p99, acks=all, os': `${light} The tail differs by a third from round to round.`,
  'end to end average, acks=1 to acks=all':
    'Round by round 1.11, 0.98 and 1.08: the acknowledgement leaves before the sync has ended, and what the client does with it competes with the thread that syncs for the second core. At the 99th percentile acks=1 is ahead. Measured again with twice the records in turns: 0.83 and 0.99, see "Measured again" below.',
  'end to end average, acks=1 to acks=all, os': 'The same work for both; from round to round they differ by 7 percent.',
  'group of two, Java clients':
    'When the second member of a new group joins after the first is settled, it waits until the first asks by its heartbeat, three seconds later: see the row.',
  start: 'Between 0.049 and 0.052 from run to run. More than half of a start is Node itself.',
  'start above a bare Node':
    'Both grow together with what others do on the machine; of what is left, V8 and modules of Node take the most: see "Start" below.',
  'produce, 1 to 10,000 partitions':
    'With 10,000 partitions most batches are the first of their partition in a second, and the larger part of what is added are the syncs of new logs and the memory of requests outside the heap, which forces collections. Tried and kept: one sync of the root serves all who wait for it, and the syncs that nobody waits for take turns. Next: request frames in memory that is used again, as fetches have.',
  'consume, 1 to 10 M records behind':
    'All get faster with a longer lag, since a seek and a first fetch stand before each. No lag slows the broker.'
}

/** What to know about a row, whatever its figures. */
export const rowNotes: Readonly<Record<string, string>> = {
  'latency-acks-1':
    'A consumer never reads what a power cut could take back, so that with the default durability the way to the consumer holds a sync even at acks=1; it begins with the append. `--durability os` does not wait. The tail of the Java client is in part its own: its compiler threads share the two cores.',
  durability:
    'Both ask how much of the default is spent on syncs: nothing waits for one while 100 B records are produced with acks=1, and with acks=1 the sync runs beside the acknowledgement. With `--quick` the ratios are of few records.',
  'produce-1k':
    'Odradek syncs before each acknowledgement; `--durability os` makes the promise that Apache Kafka makes.',
  'produce-and-consume':
    'All records are produced and received; the default syncs for the consumer at the end, which `--durability os` does not.',
  'many-clients':
    'All hundred clients live in one JVM on the same two cores as the broker, and are warmed up first: the CPU seconds of broker and client show who is the limit.',
  'group-of-two':
    'Kafka has its default group.initial.rebalance.delay.ms of 3000 here, Odradek its default of 0. A member of a classic group learns of a rebalance by its next heartbeat only, and the Java client sends one every three seconds: whoever joins when the first is settled already waits for that. The first join of a group waits for those that have an id (KIP-394), which catches members that come at once; in a JVM that is warm the second may be a moment too late.',
  recovery:
    'The files are taken out of the page cache before each start. Each round finds the checkpoints as the crash left them. Odradek reads again what was written behind the newest checkpoint of a partition, about 64 MB, and what came in the last second.',
  'growth-partitions': "The null broker shows how much of a change is the client's own.",
  'growth-lag':
    'The null broker shows how much of a change is the client: each lag begins with a seek and a first fetch.'
}
