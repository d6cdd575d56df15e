/**
 * What the demo told a member to do, as the member's work sees it.
 */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { ExitCode } from '../../exit-codes.ts'
import { type Instruction, type MemberTask, readLine } from './protocol.ts'

export interface Placement {
  readonly upTo: number
  readonly partitions: readonly number[]
}

export class Controls {
  readonly #leaving = new AbortController()
  readonly #begun: Promise<MemberTask>
  #placement: Placement = { upTo: 0, partitions: [] }
  #paused = false
  #hurried = false
  readonly #waiting = new Set<() => void>()

  /** Ends the process when the demo is gone: there is nobody left to work for. */
  constructor(input: Readable) {
    this.#begun = new Promise((resolve) => {
      let hasBegun = false
      const lines = createInterface({ input })
      lines.on('line', (line) => {
        const instruction = readLine<Instruction>(line)
        if (instruction?.do === 'begin') {
          this.#paused = instruction.paused
          hasBegun = true
          resolve(instruction)
        } else if (instruction?.do === 'leave' && !hasBegun) process.exit(ExitCode.done)
        else if (instruction) this.#follow(instruction)
      })
      lines.on('close', () => process.exit(ExitCode.interrupted))
    })
  }

  begun(): Promise<MemberTask> {
    return this.#begun
  }

  /** Aborted when the member is to leave. */
  get leaving(): AbortSignal {
    return this.#leaving.signal
  }

  get placement(): Placement {
    return this.#placement
  }

  leave(): void {
    this.#leaving.abort()
    this.#wakeAll()
  }

  /** Resolves when work may go on; at once unless paused. */
  async unpaused(): Promise<void> {
    while (this.#paused && !this.leaving.aborted) await this.changed()
  }

  /** Resolves with the next instruction, or when the time is over. */
  changed(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.#waiting.delete(settle)
        resolve()
      }
      const timer = withinMs === undefined ? undefined : setTimeout(settle, withinMs)
      this.#waiting.add(settle)
    })
  }

  /** The time that work takes, cut short by hurry and by leaving. */
  async spend(workMs: number): Promise<void> {
    const endMs = performance.now() + workMs
    for (let leftMs = workMs; leftMs > 0; leftMs = endMs - performance.now()) {
      if (this.#hurried || this.leaving.aborted) return
      await this.changed(leftMs)
    }
  }

  #follow(instruction: Exclude<Instruction, { do: 'begin' }>): void {
    if (instruction.do === 'pause') this.#paused = true
    else if (instruction.do === 'resume') this.#paused = false
    else if (instruction.do === 'hurry') this.#hurried = true
    else if (instruction.do === 'place') this.#placement = instruction
    else this.#leaving.abort()
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const settle of [...this.#waiting]) settle()
  }
}
