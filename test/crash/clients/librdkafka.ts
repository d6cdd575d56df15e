/** librdkafka, the library behind kcat, which as a program gives up when no broker is there. */
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import { harnessDirectory } from '../../harness/paths.ts'
import { confluentPython, found } from '../../harness/tools.ts'
import type { LoadClient } from './load.ts'
import { endByWord, ownEventsOf } from './own-lines.ts'

const script = join(harnessDirectory, '..', 'crash', 'clients', 'librdkafka.py')

export const librdkafka: LoadClient = {
  name: 'librdkafka',
  produce: (bootstrap, topic) => new LineProcess(found(confluentPython()), [script, 'produce', bootstrap, topic, '3']),
  consume: (bootstrap, topic, group) =>
    new LineProcess(found(confluentPython()), [script, 'commit', bootstrap, topic, group]),
  eventsOf: ownEventsOf,
  end: endByWord
}
