/** End-to-end latency seen by franz-go: a client that does not compile while it is measured (main.go). */
import { runToSuccess } from '../../test/harness/child-process.ts'
import { GoProgram } from '../../test/harness/go-program.ts'

export const franzGo = new GoProgram(import.meta.dirname)

const TIMEOUT_MS = 180_000

/** Average, p50, p99 and p99.9 in µs; null where it is not built. */
export async function franzGoLatency(args: readonly (string | number)[]): Promise<number[] | null> {
  if ('missing' in franzGo.tool()) return null
  const output = await runToSuccess(franzGo.binary, args.map(String), { timeoutMs: TIMEOUT_MS })
  return output.toString().trim().split(/\s+/).map(Number)
}
