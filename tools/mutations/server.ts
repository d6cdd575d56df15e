/** Mistakes in the server, and in how brokers of a served cluster come and go. */
import type { Mutation } from './list.ts'

const served = ['test/server/served-cluster.test.ts']
const revocable = ['test/host/revocable.test.ts']

export const serverMutations: readonly Mutation[] = [
  {
    what: 'answers are made without end for those who do not read them',
    file: 'src/server/connection.ts',
    text: ' && !memory.isPausing',
    replacement: '',
    tests: ['test/server/connections.test.ts']
  },
  {
    what: 'what has come is taken without end beside requests that are done in slices',
    file: 'src/server/connection.ts',
    text: ' && !turns.isOver',
    replacement: '',
    tests: ['test/server/turns.test.ts']
  },
  {
    what: 'a mistake while an answer is made is told to nobody',
    file: 'src/server/connection.ts',
    text: 'this.#settle(owed, answer)\n    } catch (error) {\n      this.#options.onMistake(error)',
    replacement: 'this.#settle(owed, answer)\n    } catch {',
    tests: ['test/server/mistakes.test.ts']
  },
  {
    what: 'a killed broker still writes',
    file: 'src/host/revocable/disk.ts',
    text: 'if (lease.isTaken) throw new DiskError',
    replacement: 'if (lease.isTaken && path === null) throw new DiskError',
    tests: revocable
  },
  {
    what: 'a sync of a killed broker comes',
    file: 'src/host/revocable/lease.ts',
    text: 'if (!this.#isTaken) resolve(result)',
    replacement: 'resolve(result)',
    tests: revocable
  },
  {
    what: 'a timer that went off, or was cancelled, is held for ever',
    file: 'src/host/revocable/lease.ts',
    text: 'return () => this.#ends.delete(end)',
    replacement: 'return () => end',
    tests: revocable
  },
  {
    what: 'a kill waits for its turn although nothing is under way',
    file: 'src/server/served-broker.ts',
    text: 'const turn = this.#underWay === null ? work() : this.#underWay.then(work)',
    replacement: 'const turn = (this.#underWay ?? Promise.resolve()).then(work)',
    tests: served
  },
  {
    what: 'the controller waits for a broker that was killed',
    file: 'src/controller/log-makers.ts',
    text: 'for (const gone of this.#whenGone.get(maker) ?? []) gone()',
    replacement: '',
    tests: ['test/controller/log-makers.test.ts']
  },
  {
    what: 'requests that a killed broker had are counted for ever',
    file: 'src/server/server.ts',
    text: 'this.#taken.giveBack()',
    replacement: 'void this.#taken',
    tests: ['test/server/connections.test.ts']
  }
]
