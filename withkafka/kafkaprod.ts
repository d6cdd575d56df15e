/**
 * A Kafka producer: someone who sends letters. It sends messages to a topic of the brokers at --bootstrap-server, and tells
 * for each where it is stored.
 *
 *     npx tsx withkafka/kafkaprod.ts 'hello'
 *
 * withoutkafka/prod.ts does the same with no Kafka to start.
 */
import { bootstrapServer, parseBrokers } from './options.ts'
import { ExitCode } from './problem.ts'
import { producerHelp, readProducerOptions } from './produce/options.ts'
import { produce } from './produce/produce.ts'
import { runProgram } from './program.ts'

await runProgram(async (stop) => {
  const options = readProducerOptions(bootstrapServer, process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(producerHelp('withkafka/kafkaprod.ts', bootstrapServer))
    return ExitCode.done
  }
  const brokers = parseBrokers(options.place)
  return await produce(options, () => brokers, stop)
})
