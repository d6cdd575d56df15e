/** Starting, and what an idle or a loaded broker holds in memory. */
import { join } from 'node:path'
import type { BrokerProcess } from '../../../test/harness/broker-process.ts'
import { runToSuccess } from '../../../test/harness/child-process.ts'
import { residentBytes } from '../../../test/harness/memory.ts'
import { projectDirectory, temporaryDirectory } from '../../../test/harness/paths.ts'
import { atMostTwo, type Row, type Sample, type Size, type Station } from '../row.ts'
import { onFreshBrokers } from '../stations.ts'
import { consume, large, produce, small } from './load.ts'

const SETTLE_MS = 2000

/** What Node alone takes: no program in it can start faster. */
const bareNode: Station = {
  async round() {
    const startedAt = performance.now()
    await runToSuccess(process.execPath, ['-e', '0'])
    return { start: performance.now() - startedAt }
  },
  async [Symbol.asyncDispose]() {}
}

const start: Row = {
  name: 'start',
  family: 'start and memory',
  what: 'from the start of the process to a Metadata answer, on an empty directory',
  contenders: ['kafka', 'odradek', 'odradek-before', 'odradek-memory', 'kfake', 'node'],
  figures: [{ key: 'start', what: 'start', unit: 'ms', better: 'less' }],
  rounds: (asked) => asked * 3,
  open: async (contender) =>
    contender === 'node' ? bareNode : await onFreshBrokers(contender, async (broker) => ({ start: broker.startMs }))
}

const secondStart: Row = {
  name: 'start-in-program',
  family: 'start and memory',
  what: 'startKafka(), the second call in one process',
  contenders: ['odradek'],
  figures: [
    { key: 'memory', what: 'in memory', unit: 'ms', better: 'less' },
    { key: 'directory', what: 'in a directory', unit: 'ms', better: 'less' }
  ],
  rounds: (asked) => asked * 3,
  async open() {
    return {
      async round() {
        using directory = temporaryDirectory('second-start')
        const program = join(projectDirectory, 'bench', 'in-process', 'second-start.mjs')
        const index = join(projectDirectory, 'dist', 'index.js')
        const output = await runToSuccess(process.execPath, [program, index, directory.path])
        const [memory = Number.NaN, inDirectory = Number.NaN] = output.toString().trim().split(' ').map(Number)
        return { memory, directory: inDirectory }
      },
      async [Symbol.asyncDispose]() {}
    }
  }
}

function memoryRow(name: string, what: string, before: (broker: BrokerProcess, size: Size) => Promise<unknown>): Row {
  return {
    name,
    family: 'start and memory',
    what,
    contenders: ['kafka', 'odradek', 'odradek-before', 'kfake'],
    figures: [{ key: 'resident', what: 'resident', unit: 'MB', better: 'less' }],
    open: (contender, { size }) =>
      onFreshBrokers(contender, async (broker): Promise<Sample> => {
        await before(broker, size)
        // Time for a collector, or a writer in the background, to come to rest.
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
        return { resident: residentBytes(broker.pid) / 1e6 }
      })
  }
}

export const startRows: readonly Row[] = [
  start,
  secondStart,
  memoryRow('memory-idle', 'resident memory, just started', async () => {}),
  {
    ...memoryRow(
      'memory-loaded',
      'resident memory after producing and consuming the small records and those of 1 KB',
      async (broker, size) => {
        await produce(broker, 'small', size, small)
        await consume(broker, 'small', size, small)
        await produce(broker, 'large', size, large)
        await consume(broker, 'large', size, large)
      }
    ),
    // Long, and memory scatters little.
    rounds: atMostTwo
  }
]
