/**
 * What a reader should know of a figure that the figure does not say: for a goal that was missed, what limits it and what was
 * tried. Written by hand, after a look at a profile; the document puts each beside its goal.
 */
const sync =
  'Each acknowledgement waits for a sync of the file, which Kafka does not do: an fdatasync of a file that grows takes 0.3 to 0.4 ms here and some processor time (15 seconds for a million records, 10 with `--durability os`), on cores that the client fills (47 to 52 seconds). One sync serves all who wait, and a producer has five batches under way. Beside a Kafka that has been warmed up it is behind; beside a cold one, which the figures of before were taken with, it was ahead (the rows "cold"). Next: blocks that are written before they are needed, whose sync takes 0.25 ms.'
const reader =
  'A consumer never reads what a power cut could take back, so that a sync (0.3 to 0.4 ms) lies on its way; Kafka gives what is in the cache of the system. With `--durability os` it is not there.'

export const goalNotes: Readonly<Record<string, string>> = {
  'produce 100 B, to null':
    'The broker takes twice the processor time of the null broker (0.9 against 0.43 seconds for a million records; Kafka 1.3 to 3.4), on cores that the client fills: half of it is the kernel. Tried and kept: one write for all that a turn brings, no sync that nobody waits for. Tried and not kept: see "What was not done" below.',
  'produce 100 B':
    'Both are limited by the client, which takes 9 processor seconds for a million records; the broker takes 1.4, Kafka 2.1. `--durability os` comes to 1.22: what is between are syncs that nobody waits for, one for each 4 MB.',
  'produce 1 KB, like for like':
    'The client is the limit (47 processor seconds for a million records; the broker 10, Kafka 15), and shares two cores with the broker. The null broker comes to 1.40.',
  'produce 1 KB, to null':
    'The broker takes 10 processor seconds for a million records, the null broker 5, on cores that the client fills: the kernel for the write, and a look at each record.',
  'produce 1 KB, synced, Kafka not': sync,
  'produce lz4': `${sync} That each record is unpacked and looked at costs little: with \`--durability os\` the broker takes 8.6 processor seconds for a million records, Kafka 13.2.`,
  'produce zstd': `${sync} That each record is unpacked and looked at costs little: with \`--durability os\` the broker takes 9.7 processor seconds for a million records, Kafka 11.8.`,
  'produce lz4, like for like':
    'The client is the limit: 50 processor seconds for a million records, the broker 8.6, Kafka 13.2. The null broker comes to 1.26.',
  'produce zstd, like for like':
    'The client is the limit: 48 processor seconds for a million records, the broker 9.7, Kafka 11.8. The null broker comes to 1.41.',
  'consume 1 KB':
    'The client is the limit (16 to 17 processor seconds for a million records, the broker 1.5, Kafka 1.8): see the row. The null broker comes to 0.80.',
  'end to end average, acks=1': reader,
  'end to end p99, acks=1': reader,
  'end to end average, acks=all': reader,
  'end to end p99, acks=all': reader,
  'end to end average, acks=1, os':
    'Two processes that wake each other on two cores beside the client; kfake, in memory and in Go, comes to 0.51.',
  'end to end p99, acks=1, os': 'The tail of every contender differs by a third to the double from round to round.',
  'end to end average, acks=all, os':
    'Two processes that wake each other on two cores beside the client; kfake, in memory and in Go, comes to 0.53.',
  'end to end p99, acks=all, os': 'The tail of every contender differs by a fifth to the double from round to round.',
  'group of two, Java clients':
    "The broker's part is in the two rows above: 11 ms, with a client that asks every 2 ms; and in a JVM that did it before the same two consumers need 23 to 26 ms. What is left is that the JVM is new: a trace of the requests shows no wait for a retry, two answers that wait for the disk, and most of the time in the client between them, above all from the leader's JoinGroup answer to its SyncGroup (240 to 340 ms on a loaded machine). Tried and kept: the first join of a group waits for those that have an id already (before, a warm JVM needed 39 to 3016 ms, when a member was left to the other's next heartbeat). Tried without gain: MEMBER_ID_REQUIRED without the wait for the disk.",
  start:
    'Between 0.049 and 0.052 from run to run. More than half of a start is Node itself: a bare `node -e 0` takes 79 ms on the idle machine, and 128 in the minutes of this run.',
  'start above a bare Node':
    'The median of this run is of minutes in which a bare Node took 100 to 138 ms instead of 79; both grow together (measured 51 ms above it on the idle machine, as processor time). Of what is left, V8 and modules of Node take the most: see "Start" below.',
  'produce, 1 to 10,000 partitions':
    'The null broker changes by a quarter, Kafka falls to 0.17. Batches stay as large (16.2 KB), but of 6,760 some 4,900 are the first of their partition. On a busy machine the broker takes 1.2 to 3.3 processor seconds for a million records with 100 partitions and 2.6 to 3.6 with 10,000. The larger part of what is added are the syncs of new logs: each of the log, two small files, its directory and the root, 26,000 in all against 3,600. Tried and kept: one sync of the root serves all who wait for it (21,000 left), and the syncs that nobody waits for take turns. The rest is collecting garbage, with `--durability os` too: the memory of requests outside the heap forces a collection about every 150 ms, and with so many partitions each takes 5 to 9 ms instead of 1.5. Next: request frames in memory that is used again, as fetches have.',
  'consume, 1 to 10 M records behind':
    'All three get faster with a longer lag, Kafka and Odradek alike (the two rounds: 0.28 and 0.40 of the fastest for Kafka, 0.39 and 0.32 for Odradek): the short lags come first, while the client is still being compiled. No lag slows the broker.'
}

/** What to know about a row, whatever its figures. */
export const rowNotes: Readonly<Record<string, string>> = {
  'latency-acks-1':
    'A consumer never reads what a power cut could take back, so that with the default durability the way to the consumer holds a sync even at acks=1; it begins with the append. `--durability os` does not wait. The tail of the Java client is its own: on two cores its compiler threads take 2.6 of 4 seconds of one (`perf sched`), and a thread that wakes up beside them can wait for a slice of 4 to 6 ms.',
  durability:
    'Both ask how much of the default is spent on syncs: nothing waits for one while 100 B records are produced with acks=1, and with acks=1 the sync runs beside the acknowledgement. With `--quick` the ratios are of few records.',
  'produce-1k':
    'Odradek syncs before each acknowledgement; `--durability os` makes the promise that Apache Kafka makes.',
  'consume-1k':
    "The client is the limit (13 to 16 CPU seconds for a million records; Odradek 1.3, Kafka 3 to 6), half of it its compilers and the start of Java, so that runs of this row differ: 0.84 and 1.34 of Kafka within a day, with the same way of a Fetch. Our answers are one write and one read each (422 reads of 1.04 MB in a run; Kafka's 1573 of 0.26 MB). What differs steadily is the client's heap: Kafka cuts the last batch of an answer, which then takes two regions of G1, and the heap is collected earlier; with us the client touches more of it first (152,000 page faults against 90,000, with the null broker 150,000; the same with `-XX:+AlwaysPreTouch`).",
  'many-clients':
    'All hundred clients live in one JVM on the same two cores as the broker, and are warmed up first: the CPU seconds of broker and client show who is the limit.',
  'group-of-two':
    'Kafka has its default group.initial.rebalance.delay.ms of 3000 here, Odradek its default of 0. A member of a classic group learns of a rebalance by its next heartbeat only: the Java client sends one every three seconds.',
  recovery:
    'The files are taken out of the page cache before each start. Each round finds the checkpoints as the crash left them. Odradek reads again what was written behind the newest checkpoint of a partition, about 64 MB, and what came in the last second.',
  'growth-partitions': "The null broker shows how much of a change is the client's own.",
  'growth-lag':
    'The null broker shows how much of a change is the client: each lag begins with a seek and a first fetch.'
}
