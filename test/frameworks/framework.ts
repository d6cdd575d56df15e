/** One framework that people build on, and how it is proved. */
import type { Tool } from '../harness/tools.ts'

export interface Proof {
  /** How often something is killed in each of its settings. */
  readonly rounds: number
  /** A line of progress. */
  tell(line: string): void
}

export interface Framework {
  readonly name: string
  /** What it needs. */
  tools(): readonly Tool[]
  /** Rejects with what was not as it must be; answers what was held, in a line. */
  prove(proof: Proof): Promise<string>
}
