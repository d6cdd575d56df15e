/**
 * What a reader should know of a figure that the figure does not say: for a goal that was missed, what limits it and what was
 * tried. Written by hand, after a look at a profile; the document puts each beside its goal.
 */
const tail =
  "On two cores the tail belongs to the scheduler: `perf sched` counts 2.6 of 4 seconds of one core for the compiler threads of the client's JVM, and a thread of ours that wakes up beside them can wait for one slice (4 to 6 ms). A sync takes 220 µs in the median, 299 µs at 90 %, 1.3 ms at 99 %, and costs two more such wake-ups. Tried without gain: the sync on the main thread, V8 without threads of its own (`--v8-pool-size=0`, `--single-threaded-gc`). `--durability os` leaves the sync out."

export const goalNotes: Readonly<Record<string, string>> = {
  'produce 100 B, to null':
    'The broker takes twice the processor time of the null broker (0.9 against 0.43 seconds for a million records; Kafka 1.3 to 3.4), on cores that the client fills: half of it is the kernel, for the write and the sync behind it. `--durability os` comes to 0.89. Tried and kept: one write for all that a turn brings. Tried and not kept: see "What was not done" below.',
  'consume 1 KB':
    "The client is the limit: it takes 13 to 16 CPU seconds for a million records, the broker 1.1 to 1.4 (Kafka's 2.7 to 4.8), and the null broker, which answers from memory, reaches 0.68. Half of the client is its JIT compilers, starting Java, and bytecode that is not compiled yet. Our answers are one write and one read each (422 reads of 1.04 MB; Kafka's 1573 of 0.26 MB). What differed steadily is the client's heap: Kafka cuts the last batch, so that an answer is a little over 1 MB, takes two regions of G1, and the heap is collected at 383 MB; ours hold whole batches, fit into one region, and the client touches all 512 MB first (152,000 page faults against 90,000; the null broker 150,000). With a heap touched beforehand (`-XX:+AlwaysPreTouch`) the faults are the same, and so was the least CPU time of the client's main thread in four rounds without the optimizing compiler (2.02 s). The cost comes once for each heap, not for each record.",
  'group of two, Java clients':
    "The broker's part is in the two rows above: 10 ms, with a client that asks every 2 ms. A trace of the requests, on a loaded machine, shows no wait for a retry; two answers wait for the disk (the new group's record: 15 to 250 ms, the assignment: 16 ms), and most of the rest is the client between them, above all the leader's first assignment (240 to 340 ms), which the JVM loads and compiles. The measured figure began with the subscribe, 67 to 350 ms before the second JoinGroup, with its look-up of the coordinator and two new connections in between. In a JVM that did it before, a generation that began without the second member cost the client's heartbeat of three seconds (medians of 39 to 3016 ms); the broker waits now for those who have an id already (37 to 140 ms, loaded).",
  'start above a bare Node':
    'The median of this run is of minutes in which a bare Node took 100 to 138 ms instead of 79; both grow together (measured 51 ms above it on the idle machine, as processor time). Of what is left, V8 and modules of Node take the most: see "Start" below.',
  '10 GB, recovery':
    'All of it is read again and checked, about a gigabyte in a second, while Kafka needs as long for 4 GB as for 10 (0.32 of it with 4 GB); it was not profiled whether the disk or the check is the limit. Next: a recovery point that follows the sync every some hundred megabytes, with indexes synced up to it, so that only the rest is read.',
  'produce, 1 to 10,000 partitions':
    "The null broker changes by 14 %, Kafka falls to 0.13 to 0.21. Batches stay whole (16.2 KB with any number), but of 6,760 some 4,900 are the first of their partition. The broker takes 1.2 to 1.9 processor seconds for a million records with 100 partitions (medians 1.7 to 1.9), 2.6 to 3.6 with 10,000, on a busy machine. The larger part of what is added are the syncs of new logs: each of the log, two small files, its directory and the root, 26,000 in all against 3,600; sharing the sync of the root leaves 21,000, and those that nobody waits for take turns. The rest is collecting garbage, with `--durability os` too (0.6 against 0.2 seconds on V8's threads): the memory of requests outside the heap forces a collection about every 150 ms, and with so many partitions each takes 5 to 9 ms instead of 1.5, the whole heap three times among them. Next: request frames in memory that is used again, as fetches have.",
  'consume, 1 to 10 M records behind':
    'All three get faster with a longer lag, Kafka and Odradek alike (the two rounds: 0.28 and 0.40 of the fastest for Kafka, 0.39 and 0.32 for Odradek): the short lags come first, while the client is still being compiled. No lag slows the broker.',
  'end to end p99, acks=1': tail,
  'end to end p99, acks=all': 'As above.'
}

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
    'The files are taken out of the page cache before each start. Each round finds the checkpoints as the crash left them. In this run a test suite ran beside the first start of Kafka (the slowest of its three); the median is of the others.',
  'growth-partitions': "The null broker shows how much of a change is the client's own.",
  'growth-lag':
    'The null broker shows how much of a change is the client: each lag begins with a seek and a first fetch.'
}
