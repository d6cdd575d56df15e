/** Mistakes in the log: what is taken, synced, recovered, read and removed. */
import type { Mutation } from './list.ts'

const powerCut = ['test/log/power-cut.test.ts']
const log = ['test/log/partition-log.test.ts', 'test/log/steps.test.ts']
const within = ['test/log/within-transactions.test.ts']
const producers = ['test/broker/apis/produce.test.ts']
const damage = ['test/broker/damage/every-file.test.ts']
const offline = ['test/broker/offline.test.ts']

export const logMutations: readonly Mutation[] = [
  {
    what: 'a batch that is sent again is stored again',
    file: 'src/log/admission.ts',
    text: "return standing.kind === 'duplicate' ? standing : validated",
    replacement: 'return validated',
    tests: producers
  },
  {
    what: 'a transaction that was taken back is still open for readers',
    file: 'src/log/producer-state.ts',
    text: 'return () => this.restore(before)',
    replacement: 'return () => void this.#producers.set(producerId, before)',
    tests: ['test/log/open-transactions.test.ts']
  },
  {
    what: 'a transaction that has ended is still open for readers',
    file: 'src/log/producer-state.ts',
    text: 'else this.#openTransactions.delete(producerId)',
    replacement: '',
    tests: ['test/log/open-transactions.test.ts']
  },
  {
    what: 'acks=all is answered without a sync',
    file: 'src/log/sync-group.ts',
    text: 'await this.#target.sync()',
    replacement: '',
    tests: powerCut
  },
  {
    what: 'acks=all is answered before its sync',
    file: 'src/log/sync-group.ts',
    text: 'if (offset <= this.#syncedOffset) return Promise.resolve()',
    replacement: 'if (offset <= this.#target.logEndOffset()) return Promise.resolve()',
    tests: powerCut
  },
  {
    what: 'consumers read what is not synced',
    file: 'src/log/partition-log.ts',
    text: 'return this.#waitsForSync ? this.#syncs.syncedOffset : this.#end.writtenOffset',
    replacement: 'return this.#end.writtenOffset',
    tests: ['test/log/power-cut.test.ts', 'test/broker/apis/produce-and-fetch.test.ts']
  },
  {
    what: 'a log that is missing, and whose index is there, is passed over without a word',
    file: 'src/log/recovery.ts',
    text: "if (shutdown === 'unclean') tellOrphans(bases, options)",
    replacement: '',
    tests: ['test/broker/damage/young-log.test.ts']
  },
  {
    what: 'a torn write that leaves an earlier leader epoch is taken for damage',
    file: 'src/log/recovery.ts',
    text: 'if (partitionLeaderEpoch < before.epoch || partitionLeaderEpoch > newestEpoch)',
    replacement: 'if (partitionLeaderEpoch > newestEpoch)',
    tests: powerCut
  },
  {
    what: 'in a log that was compacted two segments may have the same offsets',
    file: 'src/log/segment-chain.ts',
    text: ': nextBaseOffset >= endOffset',
    replacement: ': true',
    tests: ['test/log/segment-chain.test.ts']
  },
  {
    what: 'how far a new log is safe is written down with the checkpoints of the minute only',
    file: 'src/log/segments.ts',
    text: '    if (!this.#isClosed) this.onCheckpoint?.()\n',
    replacement: '',
    tests: ['test/broker/damage/young-log.test.ts']
  },
  {
    what: 'the names of new files are not synced',
    file: 'src/log/segments.ts',
    text: 'if (this.#hasNewNames) await this.#syncNames()',
    replacement: '',
    tests: powerCut
  },
  {
    what: 'a tail that was cut off before a kill is not synced before the log goes on',
    file: 'src/log/recovery.ts',
    text: "if (shutdown === 'unclean') doubtCuts(segments, recoveryPoint ?? 0, logEndOffset)",
    replacement: '',
    tests: ['test/log/second-crash.test.ts']
  },
  {
    what: 'epochs that are made anew are for a moment those of deleted records',
    file: 'src/log/epoch-check.ts',
    text: 'epochs.replace(made)',
    replacement: 'epochs.replace(found)\n  epochs.saveNow()\n  epochs.replace(made)',
    tests: ['test/log/epoch-check.test.ts']
  },
  {
    what: 'retention drops what is not safe yet',
    file: 'src/log/retention.ts',
    text: 'const safe = segments.below(safeOffset, end.offset)',
    replacement: 'const safe = segments.below(end.offset, end.offset)',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'a write that failed leaves its producers as if it had not',
    file: 'src/log/write-group.ts',
    text: 'for (const undo of turn.undo.reverse()) undo()',
    replacement: '',
    tests: ['test/log/write-group.test.ts']
  },
  {
    what: 'a write that failed is taken back in the wrong order',
    file: 'src/log/write-group.ts',
    text: 'turn.undo.reverse()',
    replacement: 'turn.undo',
    tests: ['test/log/write-group.test.ts']
  },
  {
    what: 'what takes a producer back does not remember how it was',
    file: 'src/log/producer-state.ts',
    text: 'const before = { ...known }',
    replacement: 'const before = known',
    tests: ['test/log/write-group.test.ts']
  },
  {
    what: 'a producer of an old epoch is not fenced',
    file: 'src/log/producer-state.ts',
    text: 'if (header.producerEpoch < entry.producerEpoch) return',
    replacement: 'if (header.producerEpoch < 0) return',
    tests: [...log, ...producers]
  },
  {
    what: 'a transaction begins in a partition without its coordinator knowing of it',
    file: 'src/log/producer-state.ts',
    text: 'if (!isKnown && !this.#verifications.isCurrent(producerId, verified.guard))',
    replacement: 'if (false)',
    tests: within
  },
  {
    what: 'an answer of the coordinator counts after its transaction was ended',
    file: 'src/log/producer-state.ts',
    text: 'this.#verifications.forget(header.producerId)\n    entry.coordinatorEpoch',
    replacement: 'entry.coordinatorEpoch',
    tests: within
  },
  {
    what: 'a marker that comes late ends the next transaction',
    file: 'src/log/producer-state.ts',
    text: '(transactionVersion < 2 || entry.transactionStartOffset < 0)',
    replacement: 'true',
    tests: within
  },
  {
    what: 'readers see the end of a transaction before its marker is committed',
    file: 'src/log/producer-state.ts',
    text: 'this.#ended.push({ firstOffset, markerOffset: header.baseOffset })',
    replacement: '',
    tests: within
  },
  {
    what: 'the first batch of a new epoch may begin anywhere',
    file: 'src/log/producer-state.ts',
    text: 'if (header.baseSequence === 0) return',
    replacement: 'if (header.baseSequence >= 0) return',
    tests: [...log, ...producers]
  },
  {
    what: 'of a producer only the last batches but one are remembered',
    file: 'src/log/producer-state.ts',
    text: 'entry.batches.slice(1 - rememberedBatches)',
    replacement: 'entry.batches.slice(2 - rememberedBatches)',
    tests: [...log, ...producers]
  },
  {
    what: 'retention drops a segment as old as it keeps them',
    file: 'src/log/retention.ts',
    text: 'nowMs - segment.newestMs <= retentionMs',
    replacement: 'nowMs - segment.newestMs < retentionMs',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'retention by size leaves less than it should',
    file: 'src/log/retention.ts',
    text: 'if (excessBytes < segment.sizeBytes ||',
    replacement: 'if (excessBytes <= 0 ||',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'a segment is rolled when the next batch would just fill it',
    file: 'src/log/rolling.ts',
    text: 'active.sizeBytes + next.sizeBytes > config.segmentBytes',
    replacement: 'active.sizeBytes + next.sizeBytes >= config.segmentBytes',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'a leader epoch that is known begins anew with each batch',
    file: 'src/log/leader-epochs.ts',
    text: 'if (epoch <= this.latest) return',
    replacement: 'if (epoch < this.latest) return',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'records that were synced and are damaged are cut off as a torn tail',
    file: 'src/log/recovery.ts',
    text: 'if (end < recoveryPoint) {',
    replacement: 'if (end < 0) {',
    tests: damage
  },
  {
    what: 'a log that ends before it was left is taken as it is',
    file: 'src/log/segment-chain.ts',
    text: 'if (recoveryPoint === null || recoveryPoint === endOffset) return',
    replacement: 'if (recoveryPoint !== endOffset || recoveryPoint === endOffset) return',
    tests: damage
  },
  {
    what: 'a segment that is missing in the middle is passed over',
    file: 'src/log/segment-chain.ts',
    text: 'if (continues(endOffset, next.baseOffset, of.gaps)) return',
    replacement: 'if (next.baseOffset >= endOffset) return',
    tests: damage
  },
  {
    what: 'an index that ends within an entry is believed',
    file: 'src/log/index-check.ts',
    text: "if (!file.isWhole) return unfit(suffix, 'It ends within an entry.')",
    replacement: '',
    tests: ['test/log/second-crash.test.ts']
  },
  {
    what: 'what was there at the start is served without a look at its checksum',
    file: 'src/log/verified-bytes.ts',
    text: 'return position >= this.#writtenFrom || (position >= this.#from && endPosition <= this.#to)',
    replacement: 'return position >= 0 && endPosition >= position',
    tests: damage
  },
  {
    what: 'what was written or read once is believed for ever',
    file: 'src/log/verified-bytes.ts',
    text: 'if (sinceMs < this.#stepMs) return',
    replacement: 'if (sinceMs >= 0) return',
    tests: ['test/log/verified-bytes.test.ts']
  },
  {
    what: 'a batch of another place of the log is served',
    file: 'src/log/continuity.ts',
    text: 'if (baseOffset === nextOffset || nextOffset === anyOffset) return true',
    replacement: 'if (baseOffset >= 0 || nextOffset === anyOffset) return true',
    tests: damage
  },
  {
    what: 'leader epochs that are not those of the batches are believed',
    file: 'src/log/epoch-check.ts',
    text: 'if (epochsFit(epochs.starts, facts)) return',
    replacement: 'if (epochs.starts.length >= 0) return',
    tests: damage
  },
  {
    what: 'what says that a compaction was not finished goes before its swaps',
    file: 'src/log/leftovers.ts',
    text: 'for (const name of names) if (name.endsWith(swapSuffix) && !swaps.includes(name)) remove(name)',
    replacement: '',
    tests: ['test/log/leftovers.test.ts']
  },
  {
    what: 'records are deleted before the disk has taken it',
    file: 'src/log/log-start.ts',
    text: '    undo()\n    throw error',
    replacement: '    return Promise.resolve()',
    tests: offline
  },
  {
    what: 'a producer whose transaction is open is forgotten when it is silent',
    file: 'src/log/producer-state.ts',
    text: 'entry.lastTimestampMs < beforeMs && entry.transactionStartOffset < 0)',
    replacement: 'entry.lastTimestampMs < beforeMs)',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'what a kill has left unsynced is synced only when somebody appends or waits',
    file: 'src/log/partition-log.ts',
    text: 'if (this.#waitsForSync) this.#syncs.want(this.#end.offset)\n  }',
    replacement: '}',
    tests: ['test/broker/unsynced-records.test.ts']
  },
  {
    what: 'epochs that begin behind the end of a log that was cut stay',
    file: 'src/log/opening.ts',
    text: 'epochs.cutFrom(logEndOffset + 1)',
    replacement: '',
    tests: ['test/log/epoch-check.test.ts']
  },
  {
    what: 'indexes of a finished segment count as synced when they are not',
    file: 'src/log/segments.ts',
    text: 'await Promise.all(finished.map((segment) => hasBegun(segment.syncIndexes())))',
    replacement: 'for (const segment of finished) segment.indexesSyncedBytes = segment.sizeBytes',
    tests: ['test/log/segments.test.ts']
  },
  {
    what: 'the first leader epoch of a new log is not synced with its names',
    file: 'src/log/segments.ts',
    text: 'const small = [partitionMetadataFile, leaderEpochFile]',
    replacement: 'const small = [partitionMetadataFile]',
    tests: ['test/log/segments.test.ts']
  },
  {
    what: 'names that could not be synced are forgotten',
    file: 'src/log/segments.ts',
    text: 'this.#hasNewNames = true\n      throw error',
    replacement: 'throw error',
    tests: ['test/log/segments.test.ts']
  },
  {
    what: 'a snapshot of producers behind the end of the log stays',
    file: 'src/log/producer-loading.ts',
    text: 'if (offset > logEndOffset) return false',
    replacement: '',
    tests: ['test/log/producer-check.test.ts']
  },
  {
    what: 'a log that has ended is told to be in trouble by a sync that was under way',
    file: 'src/log/log-health.ts',
    text: "this.tell('ended')\n    this.onTrouble = undefined",
    replacement: "this.tell('ended')",
    tests: offline
  },
  {
    what: 'files are emptied whose old names a power cut may bring back',
    file: 'src/log/log-start.ts',
    text: 'await disk.syncDirectory(directory)\n',
    replacement: '',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'on a full disk dropped segments give no room',
    file: 'src/log/log-start.ts',
    text: 'if (!this.#hasEnded) files.giveRoom()\n',
    replacement: '',
    tests: ['test/log/retention.test.ts']
  },
  {
    what: 'snapshots of producers stay where a log once ended, until it stops again',
    file: 'src/log/segments.ts',
    text: '    this.#unsyncedSnapshots.add(offset)\n    this.#removeSnapshotsBeside(offset)',
    replacement: '    this.#unsyncedSnapshots.add(offset)',
    tests: ['test/log/segments.test.ts']
  },
  {
    what: 'a stop leaves the snapshots of producers of the stops before',
    file: 'src/log/segments.ts',
    text: '    this.#assertOpen()\n    this.#removeSnapshotsBeside(endOffset)\n',
    replacement: '    this.#assertOpen()\n',
    tests: ['test/log/segments.test.ts']
  },
  {
    what: 'a stop removes the snapshots of producers at the segments',
    file: 'src/log/segments.ts',
    text: 'old !== offset && !bases.has(old)',
    replacement: 'old !== offset',
    tests: ['test/log/segments.test.ts']
  }
]
