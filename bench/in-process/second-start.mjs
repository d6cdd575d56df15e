/**
 * How long `startKafka()` takes the second time in one process: the first call loads and compiles. Argument: the built
 * `index.js`, and a directory. Prints two times in milliseconds: in memory, and in the directory.
 */
import { pathToFileURL } from 'node:url'

const [, , index, directory] = process.argv
const { startKafka } = await import(pathToFileURL(index).href)

async function secondStart(options) {
  const first = await startKafka(options('first'))
  const startedAt = performance.now()
  const second = await startKafka(options('second'))
  const tookMs = performance.now() - startedAt
  await first.stop()
  await second.stop()
  return tookMs
}

const memoryMs = await secondStart(() => ({}))
const directoryMs = await secondStart((name) => ({ directory: `${directory}/${name}` }))
process.stdout.write(`${memoryMs} ${directoryMs}\n`)
