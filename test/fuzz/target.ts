/** What is fuzzed. A target throws when something is wrong; what a client or a disk may send is refused, not thrown. */
export interface Target {
  readonly name: string
  /** The part of all inputs that it gets. */
  readonly share: number
  /** Inputs that are as they should be, to begin from. */
  seeds(): Promise<readonly Buffer[]> | readonly Buffer[]
  /** Forgets all that earlier inputs have left; called before the first one too. */
  reset(): Promise<void>
  run(input: Buffer): void | Promise<void>
}

/** After so many inputs a target begins anew: what they leave in it is bounded, and so is what a finding may rest on. */
export const inputsPerReset = 400
