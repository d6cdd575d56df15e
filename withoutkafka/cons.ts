/**
 * The consumer with no Kafka and no server to start: the broker lives in this process, or in another that has the same
 * directory open. Everything else is that of withkafka/kafkacons.ts.
 *
 *     npm run build        # once: makes the package that is imported here
 *     npx tsx withoutkafka/cons.ts
 */
import { openKafka } from 'odradek'
import { consume } from '../withkafka/consume/consume.ts'
import { consumerHelp, readConsumerOptions } from '../withkafka/consume/options.ts'
import { directory } from '../withkafka/options.ts'
import { ExitCode } from '../withkafka/problem.ts'
import { runProgram } from '../withkafka/program.ts'

await runProgram(async (stop) => {
  const options = readConsumerOptions(directory, process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(consumerHelp('withoutkafka/cons.ts', directory))
    return ExitCode.done
  }
  const kafka = await openKafka({ directory: options.place })
  try {
    return await consume(options, () => kafka.brokers, stop)
  } finally {
    await kafka.stop()
  }
})
