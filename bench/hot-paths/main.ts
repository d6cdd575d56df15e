/** Measures one hot path in this process and prints its cost as JSON. Arguments: its name, how many requests, and `wasteful`. */
import { hotPaths } from './hot-paths.ts'
import { costOf } from './measure.ts'

const [name, requests = '300', kind] = process.argv.slice(2)
const path = hotPaths.find((known) => known.name === name)
if (path === undefined)
  throw new Error(`There is no hot path ${name}: ${hotPaths.map((known) => known.name).join(', ')}`)
// Nothing else keeps the process: the broker never does.
setInterval(() => {}, 60_000)
process.stdout.write(JSON.stringify(await costOf(path, Number(requests), kind === 'wasteful' ? 'wasteful' : 'real')))
process.exit(0)
