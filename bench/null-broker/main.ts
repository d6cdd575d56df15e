/** Runs the null broker as a process. Arguments: the size of the records that fetches give, partitions per topic. Says `ready PORT` on stdout. */
import { NullBroker } from './null-broker.ts'

const broker = new NullBroker(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1))
await broker.listen()
process.stdout.write(`ready ${broker.port}\n`)
process.on('SIGTERM', () => process.exit(0))
