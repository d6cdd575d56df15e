/**
 * Every bound of the broker in one table: name, value, reason. A queue, cache, count or wait without a line here is a defect.
 * Bytes and milliseconds are in the names.
 */
export const limits = {
  /** A coordinator's log is replayed in pieces of this size at start, so that a long log never lies in memory whole. */
  coordinatorLoadBytes: 1024 * 1024,

  /** Records of one batch of a metadata snapshot: about 3,000 partitions, which take some milliseconds to write. */
  snapshotBatchBytes: 256 * 1024,

  /** Members of one group, whatever group.max.size says: each join looks at all of them (5,000 joins measured: 1.5 s in all). */
  groupMembers: 5_000,
  /** Member ids of one group that were given out and not used yet: a client that never comes back leaves one for a session. */
  groupPendingMembers: 10_000,
  /** A coordinator's answer waits so long for followers (Kafka: offsets.commit.timeout.ms). */
  coordinatorCommitMs: 5_000,
  /** What comes due while the disk has no room for its record (a member's end, a round's) comes due again after this. */
  refusedRecordPauseMs: 1000,
  /** Groups in one partition of `__consumer_offsets`. A new one beyond gets POLICY_VIOLATION, which clients show at once. */
  groupsPerCoordinator: 100_000,
  /**
   * What the members of one coordinator's groups say of themselves, which is held while they are members: 5,000 consumers of 50 topics
   * each take 10 MB. Who would take it further gets POLICY_VIOLATION.
   */
  memberBytesPerCoordinator: 32 * 1024 * 1024,
  /**
   * Bytes of the id of a group, of a member, or of what is configured. V8 takes the length of a longer text for its hash (String::kMaxHashCalcLength), so that a table of such
   * ids becomes a list that is compared from end to end: 200 of 30,000 bytes took 36 ms for each join.
   */
  idBytes: 16_383,
  /** What a member, or a protocol that it speaks, takes beside its texts and bytes. */
  memberOverheadBytes: 200,
  /**
   * Members of a consumer, share or streams group that has just changed say no sooner than this that they live (librdkafka gives up a heartbeat,
   * and the connection, that is not answered within the interval, and an answer may wait for a slow disk), and all of a broker that are told so no more often: a group of 5,000 at rest
   * says so as often. Each takes some 50 µs of the broker.
   */
  settlingHeartbeatMs: 1000,
  settlingHeartbeatsPerSecond: 1000,
  /** After so long without a change they wait as long as in Kafka; a group that cannot settle as well. */
  groupSettlesMs: 50_000,
  /** The first members of a group wait so long for those that have an id and come back with it, a round trip later. */
  announcedMemberJoinMs: 100,
  /** A new member that waits for its first answer is given up after this (Kafka: a constant of five minutes). */
  newGroupMemberJoinMs: 5 * 60_000,

  /** Transactional ids in one partition of `__transaction_state`. A new one beyond gets POLICY_VIOLATION, which clients show at once. */
  transactionalIdsPerCoordinator: 100_000,
  /** Transactions of one coordinator whose markers are being written; more wait for their turn, as after a start with many. */
  endingTransactions: 200,
  /** Partitions that have no leader, or not enough replicas, are tried again after this. */
  markersAgainMs: 20,
  /** Who begins a transaction while the one before is ending waits so long (Kafka: add.partitions.to.txn.retry.backoff.max.ms). */
  transactionEndWaitMs: 100,
  /** A marker waits so long to be committed before it is asked for again (Kafka: request.timeout.ms of the broker). */
  markerCommitMs: 30_000,
  /** Records of transactional ids that go for want of use, in one batch: each takes about a hundred bytes. */
  expiredTransactionsAtOnce: 100,

  /**
   * Of the topology that a member of a streams group brings, which is held in memory and written in one record: its subtopologies, the topics
   * (and places in copartition groups) that it names, and its bytes. The counts of 1000 repartition topics, each fed by the next, take 20 ms.
   */
  streamsSubtopologies: 1000,
  streamsTopicsNamed: 10_000,
  streamsTopologyBytes: 1024 * 1024,
  /**
   * Tasks of a streams group without its standby tasks, and the partitions that they read: all are assigned at once, and told in one answer.
   * 10,000 tasks of 5,000 members with two standby replicas take some 150 ms on a busy machine, at most once in an assignment interval.
   */
  streamsTasks: 10_000,
  streamsTaskPartitions: 100_000,
  /** What is held of the offsets that the members of one streams group report: 100,000 tasks of them. Reports beyond are let go. */
  streamsTaskOffsetsBytes: 8 * 1024 * 1024,
  /** What one of them takes beside the id of its subtopology. */
  taskOffsetBytes: 64,
  /** Client tags of a member of a streams group (Kafka Streams: 5), and bytes of each key, each value, and of the host where it answers queries (DNS: 253). */
  streamsClientTags: 100,
  streamsTextBytes: 255,
  /** Internal topics of streams groups that could not be made, of which it is told why (Kafka: the same constant). */
  streamsTopicErrors: 1000,
  /** Share partitions of one group that share coordinators are asked about at a time. */
  shareStatesAtOnce: 1000,
  /** Share partitions in one partition of `__share_group_state`. A new one beyond gets POLICY_VIOLATION. */
  shareStatesPerCoordinator: 100_000,

  /**
   * Batches of offsets in different states that one share partition's state and a write to it may have: of so many twice as many can come,
   * which fit into a record (20 bytes each, of 1 MB).
   */
  shareStateBatches: 20_000,

  /**
   * The same of all share partitions of one coordinator: some 100 bytes each. A write that would take it further, and does not leave its
   * share partition with fewer than before, gets POLICY_VIOLATION.
   */
  shareBatchesPerCoordinator: 2_000_000,
  /** What one broker asks share coordinators at a time; beyond it whoever asks hears COORDINATOR_NOT_AVAILABLE. Each waits for its answer. */
  shareStateQuestions: 100_000,
  /**
   * A share coordinator that moves, or cannot be reached, is asked again after so long, and after twice as long each time up to so much,
   * until so much has passed since: longer than a broker's session, an election and a load take, shorter than a client waits
   * (Kafka: PersisterStateManager, 1 s up to 30 s, five times).
   */
  shareStateAgainMs: 20,
  shareStateAgainMaxMs: 1000,
  shareStateAskMs: 20_000,

  /**
   * Records in flight in one share partition, in the worst case each in a state of its own (some 200 bytes). More than its locks (4,000 at
   * most), because a batch of the log is acquired whole; of one with more records a part is.
   */
  sharePartitionRecords: 10_000,

  /** Share partitions that one broker has open, each with its records in flight. More are refused with POLICY_VIOLATION. */
  sharePartitions: 20_000,
  /** Partitions of all share sessions of a broker: each takes about 100 bytes. Beyond, a session is not opened (SHARE_SESSION_LIMIT_REACHED). */
  shareSessionPartitions: 100_000,
  /** Dead letters in one batch, and what is read to copy their records. */
  deadLettersAtOnce: 100,
  deadLetterReadBytes: 1024 * 1024,
  /** A dead letter that cannot be taken now is sent again so often, after a pause that doubles (Kafka: ShareGroupDLQStateManager). */
  deadLetterAttempts: 5,
  deadLetterPauseMs: 1000,
  deadLetterCommitMs: 30_000,
  /** Troubles with topics of dead letters that are told, each once. */
  deadLetterTroubles: 100,
  /** Acquisition locks that run out within so long go together: looking at every share partition of a broker takes some 100 µs. */
  shareLockTickMs: 20,

  /**
   * Of a regular expression that a client sends: its characters, how deep its groups lie, how often one part is repeated (RE2: 1000), and
   * the steps that it comes to: a text of 100 characters then takes 100,000 at most, some milliseconds.
   */
  expressionLength: 4096,
  expressionDepth: 100,
  expressionRepeats: 1000,
  expressionSteps: 1000,

  /** Fetch sessions kept (Kafka: max.incremental.fetch.session.cache.slots). A client without one sends whole requests. */
  fetchSessions: 1000,
  /**
   * Partitions that all of them hold together, each some 250 bytes. Beyond it a client gets no session, or loses the one that would
   * grow past it, and sends whole requests as well (Kafka bounds the sessions only).
   */
  fetchSessionPartitions: 200_000,
  /** A session idle for this long may be given up for a new one (Kafka: min.incremental.fetch.session.eviction.ms). */
  fetchSessionIdleMs: 120_000,
  /** Bytes one Fetch may ask for in all (Kafka: fetch.max.bytes on the broker). */
  fetchBytes: 55 * 1024 * 1024,
  /** Bytes of the first piece that a ShareFetch reads of a partition, if it may give out no more records: 500 of 100 B are 55 KB. */
  sharePieceBytes: 64 * 1024,
  /** What followers ask for, all partitions together and one (Kafka: replica.fetch.response.max.bytes, replica.fetch.max.bytes). */
  followerFetchBytes: 10 * 1024 * 1024,
  followerPartitionBytes: 1024 * 1024,
  /** A job that walks partitions, groups or segments lets others have a turn after this long. */
  sliceMs: 10,
  /** A request that names more partitions is done in slices, from the next turn on: so many take a part of one (measured: 1 to 5 ms). */
  partitionsAtOnce: 100,
  /** While such requests are under way, so many bytes of requests are taken in a turn: a Fetch of 1,000 partitions has 28 KB, and takes 1 ms to be read. */
  requestBytesAtOnce: 256 * 1024,
  /** A follower's fetch waits this long for records (Kafka: replica.fetch.wait.max.ms). */
  followerFetchWaitMs: 500,
  /** What came with one fetch becomes safe in a few milliseconds; a partition that takes longer holds up the others no longer than this. */
  followerPatienceMs: 10,
  /** After a refusal a follower asks again: short, as brokers of one process hear of elections at once. */
  followerRestMs: 20,
  /** A broker that comes, and is not taken yet, says again that it is there (Kafka: BrokerLifecycleManager.resendExponentialBackoff begins so). */
  heartbeatAgainMs: 100,
  /** What the controller told a broker, and was lost, it tells again after this. Only a simulation loses it. */
  tellAgainMs: 20,
  /** A fetch waits at most this long, whatever it asks for: an answer every so often shows that the connection lives. */
  fetchWaitMs: 5 * 60_000,

  /** Reads from this size on go into memory that is used again: below, the allocator keeps its pages by itself. */
  lentFromBytes: 64 * 1024,
  /** One piece of that memory: what clients ask of a partition by default (max.partition.fetch.bytes). */
  lentPieceBytes: 1024 * 1024,
  /** Pieces kept for the next fetches. */
  lentPiecesKept: 8,
  /** Places in a segment where reads ended, to go on from: as many readers of one partition are served without its index. */
  readPlaces: 8,

  /** A compressed batch may not grow past this when it is read: more is a bomb, not data. */
  decompressedBatchBytes: 256 * 1024 * 1024,

  /** Records that one refused batch names as being at fault: a client fails the others with the batch's own error. */
  recordErrors: 10_000,

  /** Index entries go to their file in pieces of this size: they can be made again from the log, so that none is urgent. */
  indexWriteBytes: 4096,
  /** Bytes of records between two entries of an index that turned out damaged and was made anew (Kafka: index.interval.bytes). */
  remadeIndexIntervalBytes: 4096,
  /** Bytes read at a time where only the headers of batches are looked at: about two index intervals. */
  headerScanBytes: 8192,
  /** Bytes read at a time where all batches are looked at whole, after a crash: a read for each costs more than its CRC. */
  recoveryReadBytes: 1024 * 1024,
  /** Bytes of a partition between two checkpoints: what a start after a kill reads again (64 MB take 0.1 to 0.4 s). */
  checkpointBytes: 64 * 1024 * 1024,
  /** Compaction writes so much at a time, and has so much synced as it goes: a whole segment at its end would hold up everybody's syncs. */
  compactionWriteBytes: 1024 * 1024,
  compactionSyncBytes: 32 * 1024 * 1024,
  /** Stretches of the dirty offsets, of each of which a compaction knows whether a newest record lies there: 4 bytes each. */
  compactionStretches: 256 * 1024,
  /** A compaction that is held back looks so often whether it is wanted still. */
  compactionRestMs: 100,
  /** One that takes long is told of so often, and at its end when it has taken this long. */
  compactionProgressMs: 10_000,
  compactionToldMs: 1000,
  /** A log whose compaction met a disk that refused is left alone for so long, and the others come first. */
  compactionAgainMs: 60_000,
  /** The recovery points are written down at most so often, with thousands of partitions a file of some hundred kilobytes. */
  recoveryPointsMs: 1000,
  /**
   * Kept free for making room: the lock, records of deletions, and the log start offsets of some 5,000 partitions, which are
   * written beside the old ones.
   */
  reserveBytes: 256 * 1024,
  /** So often it is looked whether the reserve is whole, and made again where there is room. */
  reserveCheckMs: 10_000,
  /** So often it is looked whether the data directory is where it was: until then records are acknowledged that go with it. */
  directoryCheckMs: 1000,
  /** Files of records that are looked for at a time, as often as the directory is: a look takes 3 µs, and logs that are written to are looked for by their syncs. */
  filesLookedFor: 500,
  /** So much before the end of such a file is looked at when the file has grown since: whether it was cut meanwhile. */
  writtenEndBytes: 1024,
  /** Records that the disk refuses are told of once in this time: while small ones fit and large ones do not, it would be told of with each. */
  refusalAgainMs: 10_000,
  /** A partition whose log could not be opened for want of a file handle or of room is tried again after this. */
  openAgainMs: 10_000,
  /** A replica whose disk fails again and again is filled again this seldom: each time something of it is written, and told. */
  refillPauseMaxMs: 3_600_000,
  /** How far back from the end of a log a start looks for the last batches of its producers. */
  producerTailBytes: 1024 * 1024,

  /**
   * Records that nobody waits for (acks=1 or 0, and no reader at the end) are synced within this time and number of bytes of a
   * partition: as much of them as a power cut takes. A second is what Redis (`appendfsync everysec`) and InnoDB
   * (`innodb_flush_log_at_trx_commit=2`) lose at most; Kafka leaves it to the system, which takes up to 30. Whoever comes then
   * waits until the disk has all of it (measured on a busy one: 13 ms for 4 MB, 44 for 16, 129 for 64), and with 4 MB 2 million
   * records of 100 B cost some 50 syncs instead of 2,000. A log that could not be synced because no file can be opened tries
   * again after the same time.
   */
  unsyncedMs: 1000,
  unsyncedBytes: 4 * 1024 * 1024,
  /**
   * Logs that are synced at a time while nobody waits for them. Enough that those of one step share what the file system writes
   * for them: 4,900 new logs took 8,736 syncs of directories and 168,000 futex calls with 4 at a time, 4,985 and 11,000 with 256.
   */
  backgroundSyncs: 256,

  /** Partitions of one broker: each costs files, and memory of about a kilobyte. */
  partitions: 200_000,
  /** Partitions of one topic: Metadata tells all of them in one answer. */
  partitionsPerTopic: 100_000,

  /**
   * Groups, client metrics and brokers that have a configuration of their own: a client may name any, and each is held for ever. Topics
   * are bounded as such. A new one beyond gets POLICY_VIOLATION.
   */
  configuredResources: 10_000,

  /** Partitions that one CreateTopics or CreatePartitions may make (Kafka: MAX_PARTITIONS_PER_BATCH). */
  partitionsPerRequest: 10_000,

  /** Partitions in one page of DescribeTopicPartitions (Kafka: max.request.partition.size.limit). */
  describedPartitions: 2000,

  /** Producer ids taken from the metadata log at a time (Kafka: ProducerIdsBlock). */
  producerIdBlock: 1000,
  /** The first block of a new cluster is one of so many, made by chance: two that follow each other at one address share none. */
  firstProducerIdBlocks: 2 ** 31,

  /**
   * What the lists of one request may take in memory once they are read: two bytes can become an object of a hundred. For requests that name
   * a few things, what the members of a group may name, and what there can be one of for each partition: 150,000 topics of one partition.
   */
  decodedFewBytes: 64 * 1024,
  decodedMembersBytes: 4 * 1024 * 1024,
  decodedListBytes: 64 * 1024 * 1024,
  /** Bytes of one request (Kafka: socket.request.max.bytes). */
  requestBytes: 100 * 1024 * 1024,
  /** Brokers of one process: each has a port, a directory, and a fetcher for each of the others. */
  brokersPerProcess: 20,
  /** Ports tried when any free one will do, and it must be free on both addresses of localhost. */
  freePortAttempts: 10,
  /** Connections at a time; more are closed at once, so that those that are there keep working. */
  connections: 20_000,
  /** Requests of one connection that are being answered; beyond it the socket is not read. Clients send at most 5 or so. */
  requestsInFlight: 100,
  /** Bytes held for requests that are incomplete or unanswered, over all connections; `server/memory.ts` has the rule. */
  bufferedRequestBytes: 192 * 1024 * 1024,
  /** What an unanswered request counts beside its bytes: a fetch that waits holds about this in objects. */
  requestOverheadBytes: 1024,
  /** Bytes written to a slow reader that have not left; beyond it no more of its requests are taken. */
  unsentBytes: 8 * 1024 * 1024,
  /** The same over all connections: nine of the largest answers. Beyond it the slowest reader is closed. */
  unsentBytesOfAll: 512 * 1024 * 1024,
  /**
   * Answers that are made at a stretch while as many bytes have not left; then everybody waits for a moment, in which sockets take what they
   * can, and the memory of answers that nobody will read comes back. Whoever reads its answers never meets it. Measured with 60 readers
   * that did not read 20 fetches of 55 MB each: 3.2 GB resident and 15 s without a turn before, 1.0 GB and 0.5 s now (a busy machine).
   */
  answerBytesAtAStretch: 64 * 1024 * 1024,
  answerPauseMs: 50,
  /** A connection that is ended for what it sent has this long to take the answers before. */
  lingerMs: 5_000,
  /** A connection that is owed nothing and says nothing for so long is closed (Kafka: connections.max.idle.ms). */
  connectionIdleMs: 10 * 60_000,
  /** How often idle connections are looked for. */
  idleCheckMs: 10_000,

  /** Opening a directory that another process holds is given up when nobody could be reached for so long: twice a clean stop. */
  openUnreachableMs: 10_000,
  /** The same while something accepts there and does not answer: a broker that recovers a large log. */
  openSilentMs: 60_000,
  /** To reach a broker on this machine. It accepts at once, or its process is busy. */
  peerConnectMs: 2_000,
  /** For one answer of it, at most, before it is looked for again. */
  peerAnswerMs: 5_000,
  /** Between two looks for the broker of a directory, at most: a part of the second in which another takes over. */
  takeoverPauseMs: 100,
  /** The same after a start that failed: its reason (a full disk) stays for a while. */
  takeoverFailedPauseMs: 1_000,
  /** Ports are given free by the system a moment after their process: so often, and so long between, the same one is tried. */
  samePortAttempts: 15,
  samePortPauseMs: 20,

  /** A clean stop waits this long for requests in flight before it closes all the same. */
  stopWaitMs: 5_000,
  /**
   * A stop gives a peer that was sent all its answers this long to end its side as well, so that it has read them before its
   * connection is gone. Clients that look at their sockets do so within a millisecond or two; others keep no stop waiting.
   */
  farewellMs: 100
} as const
