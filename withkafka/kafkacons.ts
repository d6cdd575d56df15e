/**
 * A Kafka consumer: someone who checks the mailbox. The calls of the client
 * library (KafkaJS) are all here. Behind them: the command line (./program),
 * brokers that go away (./client), what is done with messages (./consume).
 *
 *     npx tsx withkafka/kafkacons.ts
 *
 * withoutkafka/cons.ts is the same program with no Kafka to start.
 */
import { Kafka } from 'kafkajs'
import { reachable, retryForever } from './client/connection.ts'
import { groupTimeouts, waitBriefly } from './client/membership.ts'
import { createTopicIfMissing } from './client/topic.ts'
import { GroupMember } from './consume/group-member.ts'
import { consumerUsage } from './consume/options.ts'
import { Work } from './consume/work.ts'
import { bootstrapServer, parseBrokers } from './program/options.ts'
import { runProgram } from './program/run.ts'

const usage = consumerUsage('withkafka/kafkacons.ts', bootstrapServer)
// The options are those of the command line; Ctrl-C aborts `stop`.
await runProgram(usage, async (options, stop) => {
  const { topics, group } = options
  // Connect. The brokers that are named tell of all the others.
  const brokers = await reachable(parseBrokers(options.place))
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
