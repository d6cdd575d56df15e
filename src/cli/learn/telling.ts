/**
 * Tells a lesson to a person, in one voice or in both, in 80 columns; the same text with and without colour.
 */
import type { Invocation } from '../command.ts'
import type { Row } from '../output.ts'
import type { Style } from '../terminal.ts'
import type { Concept, Hint, Step, TwoVoices, Voice } from './concept.ts'
import { concepts } from './concepts/all.ts'
import type { Ground } from './ground.ts'
import { foldedCommand, indented, labelled, unfolded, widthMax } from './layout.ts'
import type { QuestionOutcome, Reporter, Verdict } from './reporter.ts'

const labels = { layman: 'Kitchen  ', engineer: 'Kafka    ' } as const

export class Teller implements Reporter {
  readonly #invocation: Invocation
  readonly #voice: Voice
  readonly #width: number

  constructor(invocation: Invocation, voice: Voice, columns: number | undefined) {
    this.#invocation = invocation
    this.#voice = voice
    this.#width = Math.min(widthMax, columns ?? widthMax)
  }

  get #style(): Style {
    return this.#invocation.terminal.out
  }

  async #lines(lines: readonly string[], paint: (text: string) => string = (text) => text): Promise<void> {
    await this.#invocation.terminal.write(lines.map((line) => `${line === '' ? '' : paint(line)}\n`).join(''))
  }

  async introduce(concept: Concept): Promise<void> {
    const { bold, dim } = this.#style
    await this.#lines(['', concept.title.toUpperCase(), '─'.repeat(this.#width)], bold)
    await this.#lines([...indented(concept.problem, 1, this.#width), ''])
    if (this.#voice !== 'engineer') {
      await this.#lines([...labelled(' Post office  ', concept.postOffice, this.#width)])
      await this.#lines([...labelled(' Kitchen      ', concept.kitchen, this.#width), ''])
    }
    if (this.#voice !== 'layman')
      await this.#lines([...labelled(' Kafka        ', concept.definition, this.#width), ''], dim)
  }

  async begin(_concept: Concept, ground: Ground, prefix: string): Promise<void> {
    const where =
      ground.kind === 'embedded'
        ? `an embedded broker on ${ground.brokers.join(', ')}`
        : `the cluster at ${ground.brokers.join(', ')}`
    await this.#lines([` The experiment, on ${where}`], this.#style.bold)
    const names = `What it makes has names that begin with ${prefix}, and goes at the end.`
    await this.#lines(indented(names, 1, this.#width), this.#style.dim)
  }

  async step(step: Step, number: number): Promise<void> {
    const [first = '', ...rest] = this.#twoVoices(step, 4)
    await this.#lines(['', ` ${number}. ${first.trimStart()}`, ...rest], this.#style.bold)
  }

  async command(line: string): Promise<void> {
    await this.#lines(foldedCommand(line, 6, this.#width), this.#style.cyan)
  }

  async request(line: string): Promise<void> {
    await this.#lines(labelled('      > ', line, this.#width), this.#style.cyan)
  }

  async seen(lines: readonly string[]): Promise<void> {
    await this.#lines(lines.flatMap((line) => unfolded(line, 8, this.#width)))
  }

  async verdict(_concept: Concept, { claim, holds, evidence }: Verdict): Promise<void> {
    const { green, red } = this.#style
    const [first = '', ...rest] = holds ? this.#twoVoices(claim, 4) : indented(claim.otherwise, 4, this.#width)
    await this.#lines([`  ${holds ? '✓' : '✗'} ${first.trimStart()}`, ...rest], holds ? green : red)
    await this.#lines(
      evidence.flatMap((line) => indented(line, 6, this.#width)),
      this.#style.dim
    )
  }

  async action(_concept: Concept, text: string, _details: Row): Promise<void> {
    await this.#lines(['', ...indented(text, 4, this.#width)], this.#style.yellow)
  }

  async ask(_concept: Concept, { text, command }: Hint): Promise<void> {
    await this.#lines(['', ' A question'], this.#style.bold)
    await this.#lines(indented(text, 4, this.#width))
    if (command !== undefined) await this.command(command)
  }

  async hint({ text, command }: Hint): Promise<void> {
    await this.note(`A hint: ${text}`)
    if (command !== undefined) await this.command(command)
  }

  async answered(_concept: Concept, outcome: QuestionOutcome, found: string): Promise<void> {
    const { green, yellow } = this.#style
    const mark = outcome === 'right' ? '  ✓ ' : outcome === 'wrong' ? '  ✗ ' : '  · '
    await this.#lines(labelled(mark, found, this.#width), outcome === 'right' ? green : yellow)
  }

  async note(text: string): Promise<void> {
    await this.#lines(indented(text, 4, this.#width), this.#style.dim)
  }

  /** The concept that builds on this one. */
  async end(last: Concept | undefined): Promise<void> {
    const next = last === undefined ? undefined : concepts[concepts.indexOf(last) + 1]
    await this.#lines([''])
    if (next !== undefined) await this.#lines([` Next  npx odradek learn ${next.name}`, ''])
  }

  /** One voice: the sentence alone. Both: each with its label. */
  #twoVoices(said: TwoVoices, indent: number): string[] {
    if (this.#voice !== 'both') return indented(said[this.#voice], indent, this.#width)
    const label = (voice: 'layman' | 'engineer') => `${' '.repeat(indent)}${labels[voice]}`
    return [
      ...labelled(label('layman'), said.layman, this.#width),
      ...labelled(label('engineer'), said.engineer, this.#width)
    ]
  }
}
