/** One target in a thread of its own, so that an input that does not end can be seen, and told, from outside. */
import { parentPort, workerData } from 'node:worker_threads'
import { canaries } from './canaries.ts'
import { fuzz } from './fuzz.ts'
import { targets } from './targets/all.ts'
import { type Order, Watched } from './watch.ts'

const { target: name, inputs, seed, shared }: Order = workerData
const target = [...targets, ...canaries].find((one) => one.name === name)
if (target === undefined) throw new Error(`there is no target ${name}`)
const watched = new Watched(shared)
parentPort?.postMessage(await fuzz(target, { inputs, seed, begin: (input) => watched.begin(input) }))
