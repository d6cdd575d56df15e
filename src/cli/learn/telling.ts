/**
 * Tells a lesson to a person, in one voice, in 80 columns; the same text with and without colour. A layman sees the kitchen, and nothing
 * of commands and requests; an engineer sees these and what came back, and nothing of the kitchen.
 */

import type { Invocation } from '../command.ts'
import { counted } from '../counted.ts'
import type { Row } from '../output.ts'
import { asCalled } from '../own-name.ts'
import type { Style } from '../terminal.ts'
import type { Concept, Hint, Step, Voice } from './concept.ts'
import { allConcepts } from './concepts/all.ts'
import type { Ground } from './ground.ts'
import { foldedCommand, indented, labelled, unfolded, verbatim, widthMax } from './layout.ts'
import type { QuestionOutcome, Reporter, Verdict } from './reporter.ts'

/** Of what a command printed; the rest is counted. */
const printedMax = 14

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

  get #isEngineer(): boolean {
    return this.#voice === 'engineer'
  }

  async #lines(lines: readonly string[], paint: (text: string) => string = (text) => text): Promise<void> {
    await this.#invocation.terminal.write(lines.map((line) => `${line === '' ? '' : paint(line)}\n`).join(''))
  }

  async introduce(concept: Concept): Promise<void> {
    const { bold } = this.#style
    await this.#lines(['', concept.title.toUpperCase(), '─'.repeat(this.#width)], bold)
    const paragraph = async (text: string) => await this.#lines([...indented(text, 1, this.#width), ''])
    if (!this.#isEngineer) {
      await this.#lines([...labelled(' At the post office: ', concept.postOffice, this.#width), ''])
      await this.#lines([' Now to a kitchen, where all the rest takes place.'], this.#style.bold)
    }
    await paragraph(concept.problem[this.#voice])
    await paragraph(this.#isEngineer ? concept.definition : concept.kitchen)
  }

  async begin(_concept: Concept, { kind, brokers }: Ground, prefix: string): Promise<void> {
    const { bold, dim } = this.#style
    if (!this.#isEngineer) {
      const size = brokers.length === 1 ? '' : `, with ${counted(brokers.length, 'building')}`
      const where =
        kind === 'embedded' ? `a small Kafka of our own, on this machine${size}` : `the Kafka at ${brokers.join(', ')}`
      await this.#lines([' Let us try it. The kitchen is real:', ` ${where}.`], bold)
      return
    }
    const own = brokers.length === 1 ? 'an embedded broker' : `${brokers.length} embedded brokers`
    const where = `${kind === 'embedded' ? `${own} on` : 'the cluster at'} ${brokers.join(', ')}`
    await this.#lines(indented(`The experiment, on ${where}`, 1, this.#width), bold)
    const names = `What it makes has names that begin with ${prefix}, and goes at the end.`
    await this.#lines(indented(names, 1, this.#width), dim)
  }

  async step(step: Step, number: number): Promise<void> {
    const [first = '', ...rest] = indented(step[this.#voice], 4, this.#width)
    await this.#lines(['', ` ${number}. ${first.trimStart()}`, ...rest], this.#style.bold)
  }

  async command(line: string): Promise<void> {
    if (this.#isEngineer) await this.#lines(foldedCommand(line, 6, this.#width), this.#style.cyan)
  }

  async printed(lines: readonly string[]): Promise<void> {
    if (!this.#isEngineer) return
    const shown = lines.length > printedMax ? lines.slice(0, printedMax - 1) : lines
    await this.#lines(shown.flatMap((line) => verbatim(line, 6, this.#width)))
    if (shown.length < lines.length) await this.note(`… and ${lines.length - shown.length} lines more`)
  }

  async request(line: string, answers: readonly string[]): Promise<void> {
    if (!this.#isEngineer) return
    await this.#lines(labelled('      > ', line, this.#width), this.#style.cyan)
    await this.seen(answers)
  }

  async seen(lines: readonly string[]): Promise<void> {
    if (this.#isEngineer) await this.#lines(lines.flatMap((line) => unfolded(line, 8, this.#width)))
  }

  async scene(lines: readonly string[]): Promise<void> {
    if (!this.#isEngineer) await this.#lines(lines.flatMap((line) => unfolded(line, 6, this.#width)))
  }

  async verdict(_concept: Concept, { claim, holds, evidence }: Verdict): Promise<void> {
    const { green, red, dim } = this.#style
    const [first = '', ...rest] = indented((holds ? claim : claim.otherwise)[this.#voice], 4, this.#width)
    await this.#lines([`  ${holds ? '✓' : '✗'} ${first.trimStart()}`, ...rest], holds ? green : red)
    const lines = evidence[this.#voice].split('\n').flatMap((line) => indented(line, 6, this.#width))
    await this.#lines(lines, dim)
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

  /** The concept that builds on this one, and the other voice. */
  async end(last: Concept | undefined): Promise<void> {
    if (last === undefined) return
    const next = allConcepts[allConcepts.indexOf(last) + 1]
    const own = this.#isEngineer ? ' --voice engineer' : ''
    const other = this.#isEngineer ? ' In plain words   ' : " In Kafka's words "
    await this.#lines([
      '',
      ...(next === undefined ? [] : [` Next              ${asCalled(`odradek learn ${next.name}${own}`)}`]),
      `${other} ${asCalled(`odradek learn ${last.name} --voice ${this.#isEngineer ? 'layman' : 'engineer'}`)}`,
      ''
    ])
  }
}
