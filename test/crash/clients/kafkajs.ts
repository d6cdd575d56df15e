/** kafkajs, the most used client of Node. */
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import { harnessDirectory } from '../../harness/paths.ts'
import type { LoadClient } from './load.ts'
import { endByWord, ownEventsOf } from './own-lines.ts'

const script = join(harnessDirectory, '..', 'crash', 'clients', 'kafkajs-load.ts')
const start = (...args: readonly string[]) => new LineProcess(process.execPath, ['--import', 'tsx', script, ...args])

export const kafkajs: LoadClient = {
  name: 'kafkajs',
  produce: (bootstrap, topic) => start('produce', bootstrap, topic),
  consume: (bootstrap, topic, group) => start('consume', bootstrap, topic, group),
  eventsOf: ownEventsOf,
  end: endByWord
}
