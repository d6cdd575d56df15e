/**
 * Who tells what happens in a lesson: the one for people is in `telling.ts`, this file has the one for programs, which
 * prints each claim and each answer as a row.
 */
import type { Invocation } from '../command.ts'
import { chosenFormat, printRows, type Row } from '../output.ts'
import type { Claim, Concept, Hint, Step, TwoVoices, Voice } from './concept.ts'
import type { Ground } from './ground.ts'

/** What an experiment measured, for programs. */
export type Measured = Row

export interface Verdict {
  readonly id: string
  readonly claim: Claim
  readonly holds: boolean
  readonly measured: Measured
  /** The same for people. */
  readonly evidence: TwoVoices
}

export type QuestionOutcome = 'right' | 'wrong' | 'skipped'

export interface Reporter {
  /** Problem, picture and definition. */
  introduce(concept: Concept): Promise<void>
  begin(concept: Concept, ground: Ground, prefix: string): Promise<void>
  step(step: Step, number: number): Promise<void>
  command(line: string): Promise<void>
  /** What the command printed. */
  printed(lines: readonly string[]): Promise<void>
  /** A request of Kafka's protocol, for what no command does, and its answers. */
  request(line: string, answers: readonly string[]): Promise<void>
  seen(lines: readonly string[]): Promise<void>
  /** All of this in the kitchen. */
  scene(lines: readonly string[]): Promise<void>
  verdict(concept: Concept, verdict: Verdict): Promise<void>
  /** What only the reader can do. */
  action(concept: Concept, text: string, details: Row): Promise<void>
  ask(concept: Concept, question: Hint): Promise<void>
  hint(hint: Hint): Promise<void>
  answered(concept: Concept, outcome: QuestionOutcome, found: string): Promise<void>
  note(text: string): Promise<void>
  /** After the last lesson. */
  end(last: Concept | undefined): Promise<void>
}

const columns = ['concept', 'event', 'id', 'holds', 'statement']

export class RowReporter implements Reporter {
  readonly #invocation: Invocation
  readonly #voice: Voice
  readonly #rows: Row[] = []

  constructor(invocation: Invocation, voice: Voice) {
    this.#invocation = invocation
    this.#voice = voice
  }

  async introduce(): Promise<void> {}
  async step(): Promise<void> {}
  async command(): Promise<void> {}
  async printed(): Promise<void> {}
  async request(): Promise<void> {}
  async seen(): Promise<void> {}
  async scene(): Promise<void> {}

  async begin(concept: Concept, ground: Ground, prefix: string): Promise<void> {
    const { kind, brokers, directory } = ground
    await this.#row({ concept: concept.name, event: 'begin', ground: kind, brokers, directory, prefix })
  }

  async verdict(concept: Concept, { id, claim, holds, measured }: Verdict): Promise<void> {
    const statement = (holds ? claim : claim.otherwise)[this.#voice]
    await this.#row({ concept: concept.name, event: 'claim', id, holds, statement, measured })
  }

  async action(concept: Concept, text: string, details: Row): Promise<void> {
    await this.#row({ concept: concept.name, event: 'action', ...details, statement: text })
  }

  async ask(concept: Concept, { text, command }: Hint): Promise<void> {
    await this.#row({ concept: concept.name, event: 'question', statement: text, command: command ?? null })
  }

  async hint({ text, command }: Hint): Promise<void> {
    this.#invocation.terminal.hint(`A hint: ${text}${command === undefined ? '' : ` ${command}`}`)
  }

  async answered(concept: Concept, outcome: QuestionOutcome, found: string): Promise<void> {
    await this.#row({ concept: concept.name, event: 'answer', outcome, statement: found })
  }

  async note(text: string): Promise<void> {
    this.#invocation.terminal.hint(text)
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) await printRows(this.#invocation, columns, this.#rows)
  }

  /** JSON lines go out as they come, so that a program can answer; the other formats are one document. */
  async #row(row: Row): Promise<void> {
    if (chosenFormat(this.#invocation) === 'jsonl') await printRows(this.#invocation, columns, [row])
    else this.#rows.push(row)
  }
}
