/**
 * What a reader should know of a figure that the figure does not say: for a goal that was missed, what limits it and what was
 * tried. Written by hand, after a look at a profile; the document puts each beside its goal.
 */
const tail =
  "On two cores the tail belongs to the scheduler: `perf sched` counts 2.6 of 4 seconds of one core for the compiler threads of the client's JVM, and a thread of ours that wakes up beside them can wait for one slice (4 to 6 ms). A sync takes 220 µs in the median, 299 µs at 90 %, 1.3 ms at 99 %, and costs two more such wake-ups. Tried without gain: the sync on the main thread, V8 without threads of its own (`--v8-pool-size=0`, `--single-threaded-gc`). `--durability os` leaves the sync out."

const slowMinutes =
  'Measured in minutes in which this shared machine took a quarter to a half longer for everything of ours, while the rounds of Kafka differ by 25 %; three rounds earlier on the same day had 1.60 (like for like), 0.98 (to null) and 1.11 (synced). The broker did not get slower between the two: its earlier and its later commit in turns had 27,500 and 28,900 records/s in the median of five (synced), 47,300 and 47,300 of four (`--durability os`).'

export const goalNotes: Readonly<Record<string, string>> = {
  'produce 100 B, to null':
    'The broker takes twice the processor time of the null broker (0.9 against 0.43 seconds for a million records; Kafka 1.3 to 3.4), on cores that the client fills: half of it is the kernel, for the write and the sync behind it. `--durability os` comes to 0.89. Tried and kept: one write for all that a turn brings. Tried and not kept: see "What was not done" below.',
  'produce 1 KB, like for like': slowMinutes,
  'produce 1 KB, to null': 'The slow minutes of "like for like"; 0.98 in quiet ones.',
  'produce 1 KB, synced, Kafka not': 'The slow minutes of "like for like"; 1.11 in quiet ones.',
  'group of two, Java clients':
    "The broker's part is in the two rows above: 11 ms, with a client that asks every 2 ms; and in a JVM that did it before the same two consumers need 23 to 26 ms. What is left is that the JVM is new: a trace of the requests shows no wait for a retry, two answers that wait for the disk, and most of the time in the client between them, above all from the leader's JoinGroup answer to its SyncGroup (240 to 340 ms on a loaded machine). Tried and kept: the first join of a group waits for those that have an id already (before, a warm JVM needed 39 to 3016 ms, when a member was left to the other's next heartbeat). Tried without gain: MEMBER_ID_REQUIRED without the wait for the disk.",
  start:
    'Between 0.049 and 0.052 from run to run. More than half of a start is Node itself: a bare `node -e 0` takes 79 ms on the idle machine, and 128 in the minutes of this run.',
  'start above a bare Node':
    'The median of this run is of minutes in which a bare Node took 100 to 138 ms instead of 79; both grow together (measured 51 ms above it on the idle machine, as processor time). Of what is left, V8 and modules of Node take the most: see "Start" below.',
  'produce, 1 to 10,000 partitions':
    'The null broker changes by a quarter, Kafka falls to 0.17. Batches stay as large (16.2 KB), but of 6,760 some 4,900 are the first of their partition. On a busy machine the broker takes 1.2 to 3.3 processor seconds for a million records with 100 partitions and 2.6 to 3.6 with 10,000. The larger part of what is added are the syncs of new logs: each of the log, two small files, its directory and the root, 26,000 in all against 3,600. Tried and kept: one sync of the root serves all who wait for it (21,000 left), and the syncs that nobody waits for take turns. The rest is collecting garbage, with `--durability os` too: the memory of requests outside the heap forces a collection about every 150 ms, and with so many partitions each takes 5 to 9 ms instead of 1.5. Next: request frames in memory that is used again, as fetches have.',
  'consume, 1 to 10 M records behind':
    'All three get faster with a longer lag, Kafka and Odradek alike (the two rounds: 0.28 and 0.40 of the fastest for Kafka, 0.39 and 0.32 for Odradek): the short lags come first, while the client is still being compiled. No lag slows the broker.',
  'end to end p99, acks=1': tail,
  'end to end p99, acks=all': tail
}

/** What to know about a row, whatever its figures. */
export const rowNotes: Readonly<Record<string, string>> = {
  'latency-acks-1':
    'A consumer never reads what a power cut could take back, so that with the default durability the way to the consumer holds a sync even at acks=1. `--durability os` does not wait.',
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
