/**
 * The consumer with no Kafka and no server to start. It is withkafka/kafkacons.ts, line by line, but for the two that open a
 * directory instead of asking for an address.
 *
 *     npm install          # once: builds the package that is imported here
 *     npx tsx withoutkafka/cons.ts
 */
import { Kafka } from 'kafkajs'
import { openKafka } from 'odradek'
import { lasting, reachable } from '../withkafka/client/connection.ts'
import { left, membership } from '../withkafka/client/membership.ts'
import { openTopic } from '../withkafka/client/topic.ts'
import { GroupMember } from '../withkafka/consume/group-member.ts'
import { consumerUsage } from '../withkafka/consume/options.ts'
import { Work } from '../withkafka/consume/work.ts'
import { directory } from '../withkafka/program/options.ts'
import { runProgram } from '../withkafka/program/run.ts'

await runProgram(consumerUsage('withoutkafka/cons.ts', directory), async (options, stop) => {
  const { topics, group } = options

  // Connect. There is no server: the broker lives in this process, or in another that has the same directory open.
  await using shared = await openKafka({ directory: options.place })
  const brokers = await reachable(() => shared.brokers)
  const kafka = new Kafka({ clientId: 'kafkacons', brokers, ...lasting })
  for (const topic of topics) await openTopic(kafka, topic)
  const consumer = kafka.consumer({ groupId: group, ...membership })
  const work = new Work(kafka, options)
  const member = new GroupMember(kafka, consumer, options, work)

  try {
    await consumer.connect()
    // Subscribe. The members of a group share out the partitions of these topics. A new group begins at the beginning.
    await consumer.subscribe({ topics, fromBeginning: true })
    // Poll. The library fetches what is new, again and again, and calls back with each batch of messages of a partition. The
    // member hands them on as long as the partition is its own, and the library commits nothing by itself.
    const poll = () =>
      consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) =>
          member.deal(payload, async (messages, offsets) => {
            // Process: print them, store them, or do something for each.
            await work.process(messages)
            // Commit the offsets behind them, and only now: a crash in between repeats messages, and loses none.
            await payload.commitOffsetsIfNecessary(offsets)
          })
      })
    await member.stay(poll, stop)
  } finally {
    // Leave. The others get this member's partitions at once, and need not find out that it is gone.
    await left(consumer.disconnect())
    await work.close()
  }
})
