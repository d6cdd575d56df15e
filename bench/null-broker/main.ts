/** Runs the null broker as a process. Argument: the size of the records that fetches give. Says `ready PORT` on stdout. */
import { NullBroker } from './null-broker.ts'

const broker = new NullBroker(Number(process.argv[2] ?? 100))
await broker.listen()
process.stdout.write(`ready ${broker.port}\n`)
process.on('SIGTERM', () => process.exit(0))
