/**
 * Ports of the loopback interface for programs that cannot be told "port 0", and for those that come back at the same place.
 *
 * Such a program binds its port seconds after it was given one: a Kafka takes three. A port that the system had picked could be
 * given to anyone meanwhile, to the broker of another test as well, and that one would answer. These lie below the range that
 * systems pick from (from 32,768 on), and each process has its own twenty of them, in turn.
 */
import { isFree } from '../../src/cli/demo/compare/calls/ports.ts'

const lowest = 20_000
const portsOfProcess = 20
const blocks = 600
let given = 0

export async function freePort(): Promise<number> {
  const first = lowest + (process.pid % blocks) * portsOfProcess
  for (let attempt = 0; attempt < portsOfProcess; attempt += 1) {
    const port = first + (given % portsOfProcess)
    given += 1
    if (await isFree(port)) return port
  }
  throw new Error(`the ports ${first} to ${first + portsOfProcess - 1} of this process are all in use`)
}
