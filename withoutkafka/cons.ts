/**
 * The consumer with no Kafka, and no server to start: line by line it is
 * withkafka/kafkacons.ts, but for the lines that open a directory.
 *
 *     npm install      # once: builds the package that is imported here
 *     npx tsx withoutkafka/cons.ts
 */
import { Kafka } from 'kafkajs'
import { openKafka } from 'odradek'
import { reachable, retryForever } from '../withkafka/client/connection.ts'
import { groupTimeouts, waitBriefly } from '../withkafka/client/membership.ts'
import { createTopicIfMissing } from '../withkafka/client/topic.ts'
import { GroupMember } from '../withkafka/consume/group-member.ts'
import { consumerUsage } from '../withkafka/consume/options.ts'
import { Work } from '../withkafka/consume/work.ts'
import { directory } from '../withkafka/program/options.ts'
import { runProgram } from '../withkafka/program/run.ts'

const usage = consumerUsage('withoutkafka/cons.ts', directory)
// The options are those of the command line; Ctrl-C aborts `stop`.
await runProgram(usage, async (options, stop) => {
  const { topics, group } = options
  // Connect. A directory has one broker: in this process, or in another.
  await using shared = await openKafka({ directory: options.place })
  const brokers = await reachable(() => shared.brokers)
  const kafka = new Kafka({ clientId: 'kafkacons', brokers, ...retryForever })
  for (const topic of topics) await createTopicIfMissing(kafka, topic)
  const consumer = kafka.consumer({ groupId: group, ...groupTimeouts })
  const work = new Work(kafka, options) // print, store, run or post
  const member = new GroupMember(kafka, consumer, options, work)

  try {
    await consumer.connect()
    // Subscribe. A group shares out the partitions; a new one begins at 0.
    await consumer.subscribe({ topics, fromBeginning: true })
    // Poll. KafkaJS fetches by itself and calls eachBatch with what is new in a
    // partition; it does so until Ctrl-C, and joins again if the group is lost.
    await member.pollUntil(stop, () =>
      consumer.run({
        autoCommit: false, // nothing is committed but by the line below
        eachBatchAutoResolve: false,
        // In portions, as long as the partition is this member's.
        eachBatch: (batch) =>
          member.eachPortion(batch, async (messages, nextOffsets) => {
            // Process: print them, store them, or do something for each.
            await work.process(messages)
            // Commit, and only now: a crash repeats messages and loses none.
            // (The name is KafkaJS': offsets that are given are committed.)
            await batch.commitOffsetsIfNecessary(nextOffsets)
          })
      })
    )
  } finally {
    // Leave, in 3 s at most: the others get this member's partitions at once.
    await waitBriefly(consumer.disconnect())
    await work.close()
  }
})
