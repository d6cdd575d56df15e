/**
 * The producer with no Kafka and no server to start: the broker lives in this process, or in another that has the same
 * directory open. Everything else is that of withkafka/kafkaprod.ts.
 *
 *     npm run build        # once: makes the package that is imported here
 *     npx tsx withoutkafka/prod.ts 'hello'
 */
import { openKafka } from 'odradek'
import { directory } from '../withkafka/options.ts'
import { ExitCode } from '../withkafka/problem.ts'
import { producerHelp, readProducerOptions } from '../withkafka/produce/options.ts'
import { produce } from '../withkafka/produce/produce.ts'
import { runProgram } from '../withkafka/program.ts'

await runProgram(async (stop) => {
  const options = readProducerOptions(directory, process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(producerHelp('withoutkafka/prod.ts', directory))
    return ExitCode.done
  }
  const kafka = await openKafka({ directory: options.place })
  try {
    return await produce(options, () => kafka.brokers, stop)
  } finally {
    await kafka.stop()
  }
})
