/**
 * A Kafka consumer: someone who checks the mailbox. It reads the messages of a topic from the brokers at
 * --bootstrap-server, and prints them, stores them, or does something for each.
 *
 *     npx tsx withkafka/kafkacons.ts
 *
 * withoutkafka/cons.ts does the same with no Kafka to start.
 */
import { consume } from './consume/consume.ts'
import { consumerHelp, readConsumerOptions } from './consume/options.ts'
import { bootstrapServer, parseBrokers } from './options.ts'
import { ExitCode } from './problem.ts'
import { runProgram } from './program.ts'

await runProgram(async (stop) => {
  const options = readConsumerOptions(bootstrapServer, process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(consumerHelp('withkafka/kafkacons.ts', bootstrapServer))
    return ExitCode.done
  }
  const brokers = parseBrokers(options.place)
  return await consume(options, () => brokers, stop)
})
