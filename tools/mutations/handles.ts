/** A process that has as many files open as it may (`host/node/spare-handles.ts`), and what is told of it. */
import type { Mutation } from './list.ts'

const spare = ['test/host/spare-handles.test.ts']
const file = 'src/host/node/spare-handles.ts'

export const handleMutations: readonly Mutation[] = [
  {
    what: 'without a handle left no index is read',
    file,
    text: '      this.#inTurn.giveUp()\n      try {\n        return work()\n      } catch (again) {',
    replacement: '      try {\n        return work()\n      } catch (again) {',
    tests: [...spare, 'test/limits/several-brokers.test.ts']
  },
  {
    what: 'the spare handle is good for one file',
    file: 'src/host/node/disk.ts',
    text: '    spareHandles.restore()\n',
    replacement: '',
    tests: spare
  },
  {
    what: 'without a handle left one sync alone is done, of all that were asked for',
    file,
    text: 'const done = this.#syncs.then(() => this.#syncWithSpare(work))',
    replacement: 'const done = this.#syncWithSpare(work)',
    tests: spare
  },
  {
    what: 'the spare handle of a sync is lost with it',
    file,
    text: 'if (this.#holders > 0) this.#forSyncs.take()',
    replacement: '',
    tests: spare
  },
  {
    what: 'the spare handles stay when no disk is in use',
    file,
    text: 'if (this.#holders > 0) return\n',
    replacement: 'return\n',
    tests: spare
  },
  {
    what: 'a log of which some files can be read is told of again and again',
    file: 'src/broker/telling.ts',
    text: "    if (this.#clock.monotonicMs() - refusedMs < limits.refusalAgainMs) return 'not known'\n",
    replacement: '',
    tests: ['test/broker/unread-logs.test.ts']
  },
  {
    what: 'that a log can be read again is never told',
    file: 'src/log/log-health.ts',
    text: "if (this.#isUnread) this.#isUnread = this.onReadAgain?.() !== 'over'",
    replacement: '',
    tests: ['test/broker/unread-logs.test.ts']
  },
  {
    what: 'handles are told to be there when a log takes records that needs none',
    file: 'src/broker/refused-records.ts',
    text: "if (kind === 'handles' && !this.#haveHandles()) continue",
    replacement: '',
    tests: ['test/broker/refused-records.test.ts']
  }
]
