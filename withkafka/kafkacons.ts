/**
 * A Kafka consumer: someone who checks the mailbox. Subscribe, poll, process, commit, leave: the client library's calls
 * for that are in this file. Behind it are the options and the words (./program), brokers that go away (./client),
 * and what is done with messages, also when a group is divided anew (./consume).
 *
 *     npx tsx withkafka/kafkacons.ts
 *
 * withoutkafka/cons.ts is the same program with no Kafka to start.
 */
import { Kafka } from 'kafkajs'
import { lasting, reachable } from './client/connection.ts'
import { left, membership } from './client/membership.ts'
import { openTopic } from './client/topic.ts'
import { GroupMember } from './consume/group-member.ts'
import { consumerUsage } from './consume/options.ts'
import { Work } from './consume/work.ts'
import { bootstrapServer, parseBrokers } from './program/options.ts'
import { runProgram } from './program/run.ts'

await runProgram(consumerUsage('withkafka/kafkacons.ts', bootstrapServer), async (options, stop) => {
  const { topics, group } = options

  // Connect. The brokers that are named are only the first to be asked: they tell of all the others.
  const brokers = await reachable(parseBrokers(options.place))
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
