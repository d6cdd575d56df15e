/**
 * What an experiment works with: commands it runs as the reader would, requests for what no command does, names that are
 * its own, and the claims it settles by what it measured.
 */
import type { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { ExitCode } from '../exit-codes.ts'
import type { Row } from '../output.ts'
import { describeTopics } from '../partitions.ts'
import type { Answer, Answers } from './answers.ts'
import { type ClaimName, type Concept, fill, type Hint, type StepName, type TwoVoices, type Voice } from './concept.ts'
import type { Ground } from './ground.ts'
import type { Measured, Reporter } from './reporter.ts'
import { commandLine, type Outcome, type PrintedRow, runCommand, whereOption } from './shell.ts'
import type { TypedInput } from './typed-input.ts'

/** A new topic has its leaders everywhere within this time, or the cluster has a trouble of its own. */
const topicReadyMs = 15_000
const lookAgainMs = 50
/** Brokers that run answer within this time. */
const reachableMs = 15_000
/** A cluster takes seconds to miss a broker (broker.session.timeout.ms is 9 s), and to take one back. */
const actionMs = 60_000

export interface Bench {
  readonly ground: Ground
  readonly reporter: Reporter
  readonly answers: Answers
  readonly prefix: string
  /** The reader's. */
  readonly voice: Voice
  readonly interrupted: AbortSignal
}

/** A question that the broker answers: `check` asks it anew each time. */
export interface Check {
  /** What stands for the `{names}` in the question and its hints. */
  readonly values: Readonly<Record<string, string | number>>
  /** What the reader is asked to type. */
  readonly keys: string
  /** He did something elsewhere, and Enter alone says so; otherwise the answer is a number. */
  readonly isDeed?: true
  check(answer: string): Promise<{ readonly right: boolean; readonly found: TwoVoices }>
}

export interface Lesson {
  readonly concept: Concept
  /** What the experiment does to a broker of our own. */
  readonly ordeal: Ordeal
  /** Returns the question, and whether every claim held. */
  perform(bench: Bench): Promise<{ readonly check: Check; readonly held: boolean }>
}

/** With several brokers of our own, one of them is killed and the others go on. */
export type Ordeal = 'stopped' | 'one of several killed'

export function lesson<const C extends Concept>(
  concept: C,
  experiment: (lab: Lab<C>) => Promise<Check>,
  ordeal: Ordeal = 'stopped'
): Lesson {
  return {
    concept,
    ordeal,
    async perform(bench) {
      const lab = new Lab(concept, bench)
      const check = await experiment(lab)
      return { check, held: lab.held }
    }
  }
}

export interface CommandOptions {
  readonly input?: TypedInput
  /** Other brokers than the ground's. */
  readonly brokers?: readonly string[]
  /** Whether the command is shown; some only look whether something has come about. */
  readonly shown?: 'shown' | 'silent'
  /** Where a broker may be down on purpose, that is the outcome; elsewhere the command is tried again for a while. */
  readonly whenUnreachable?: 'told' | 'tried again'
}

/** A command that goes on until it is stopped, such as a consumer that follows. */
export interface Running {
  readonly rows: readonly PrintedRow[]
  /** Why it ended although nobody stopped it. */
  readonly failure: CliError | undefined
  /** Waits until so many rows came; false when they did not in time. */
  until(count: number, limitMs: number): Promise<boolean>
  /** As Ctrl-C does it. */
  stop(): Promise<Outcome>
}

export class Lab<C extends Concept> {
  readonly #concept: C
  readonly #bench: Bench
  #steps = 0
  #held = true

  constructor(concept: C, bench: Bench) {
    this.#concept = concept
    this.#bench = bench
  }

  /** Whether every claim so far held. */
  get held(): boolean {
    return this.#held
  }

  get ground(): Ground {
    return this.#bench.ground
  }

  get cluster(): Cluster {
    return this.#bench.ground.cluster
  }

  /** A topic or a group of this lesson; whatever has such a name goes at its end. */
  name(last: string): string {
    return `${this.#bench.prefix}${last}`
  }

  get voice(): Voice {
    return this.#bench.voice
  }

  /** What a command needs besides its words to reach these brokers. */
  get where(): string {
    return whereOption(this.ground.brokers)
  }

  async step(name: StepName<C>): Promise<void> {
    const step = this.#concept.steps[name]
    if (step === undefined) throw new Error(`${this.#concept.name} has no step ${name}`)
    this.#bench.interrupted.throwIfAborted()
    if (this.#steps > 0) await this.#bench.answers.goOn('go on')
    await this.#bench.reporter.step(step, ++this.#steps)
  }

  async run(words: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    this.#bench.interrupted.throwIfAborted()
    await this.#show(words, options)
    const outcome = await this.#runPatiently(words, options, this.#bench.interrupted)
    this.#bench.interrupted.throwIfAborted()
    if (options.shown !== 'silent') await this.#bench.reporter.printed(outcome.printed)
    return outcome
  }

  /** A command that must succeed; its failure ends the lesson as it would end the command. */
  async rows(words: readonly string[], options: CommandOptions = {}): Promise<readonly PrintedRow[]> {
    const { rows, error } = await this.run(words, options)
    if (error) throw error
    return rows
  }

  async start(words: readonly string[], options: CommandOptions = {}): Promise<Running> {
    await this.#show(words, options)
    const stop = new AbortController()
    const rows: PrintedRow[] = []
    let wake = () => {}
    const interrupted = AbortSignal.any([this.#bench.interrupted, stop.signal])
    const finished = this.#runPatiently(words, options, interrupted, (row) => {
      rows.push(row)
      wake()
    })
    let outcome: Outcome | undefined
    void finished.then((found) => {
      outcome = found
      wake()
    })
    return {
      rows,
      get failure() {
        return outcome?.error
      },
      async until(count, limitMs) {
        const timer = setTimeout(() => wake(), limitMs)
        const deadlineMs = performance.now() + limitMs
        while (rows.length < count && outcome === undefined && performance.now() < deadlineMs) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        clearTimeout(timer)
        return rows.length >= count
      },
      async stop() {
        stop.abort()
        return await finished
      }
    }
  }

  async #show(words: readonly string[], options: CommandOptions): Promise<void> {
    if (options.shown === 'silent') return
    const line = commandLine(words, options.brokers ?? this.ground.brokers)
    await this.#bench.reporter.command(options.input === undefined ? line : `${options.input.shell} | ${line}`)
  }

  /** A busy machine may be slow to answer at all; a command that reached nobody has done nothing, so it may begin again. */
  async #runPatiently(
    words: readonly string[],
    options: CommandOptions,
    interrupted: AbortSignal,
    onRow?: (row: PrintedRow) => void
  ): Promise<Outcome> {
    const brokers = options.brokers ?? this.ground.brokers
    const deadlineMs = performance.now() + reachableMs
    for (;;) {
      const output = options.shown === 'silent' ? 'jsonl' : undefined
      const outcome = await runCommand(words, { brokers, interrupted, input: options.input?.text, output, onRow })
      const mayTryAgain = options.whenUnreachable !== 'told' && performance.now() < deadlineMs && !interrupted.aborted
      if (outcome.exitCode !== ExitCode.unreachable || outcome.rows.length > 0 || !mayTryAgain) return outcome
    }
  }

  /** A request of Kafka's protocol, and what came back. */
  async request(line: string, ...answers: readonly string[]): Promise<void> {
    await this.#bench.reporter.request(line, answers)
  }

  /** What happened outside of commands and requests: a process that is gone, what another terminal shows. */
  async seen(...lines: readonly string[]): Promise<void> {
    await this.#bench.reporter.seen(lines)
  }

  /** The same in the kitchen. */
  async scene(...lines: readonly string[]): Promise<void> {
    await this.#bench.reporter.scene(lines)
  }

  async note(text: string): Promise<void> {
    await this.#bench.reporter.note(text)
  }

  /** Asks the reader for what only he can do, and watches until it has come about. */
  async action(text: string, details: Row, isDone: () => Promise<boolean>): Promise<'done' | 'skipped'> {
    const { reporter, answers } = this.#bench
    await reporter.action(this.#concept, text, details)
    for (;;) {
      const answer = await answers.answer('Enter: done')
      if (answer.kind === 'skipped') {
        await reporter.note(`skipped: ${answer.why}`)
        return 'skipped'
      }
      if (await this.waitFor(isDone, actionMs)) return 'done'
      await reporter.note(`Nothing has changed within ${actionMs / 1000} s. Try it, and press Enter again.`)
    }
  }

  async claim(name: ClaimName<C>, holds: boolean, measured: Measured, evidence: TwoVoices): Promise<void> {
    const claim = this.#concept.claims[name]
    if (claim === undefined) throw new Error(`${this.#concept.name} has no claim ${name}`)
    this.#held &&= holds
    await this.#bench.reporter.verdict(this.#concept, { id: name, claim, holds, measured, evidence })
  }

  /** Makes a topic, and waits until every broker knows the leaders of its partitions. */
  async createTopic(last: string, partitions: number, ...more: readonly string[]): Promise<string> {
    const topic = this.name(last)
    await this.rows(['topics', 'create', topic, '-p', String(partitions), ...more])
    const isReady = async () => {
      const { nodeIds } = this.cluster
      const answers = await Promise.all(
        nodeIds.map((node) => this.cluster.answer('Metadata', node, [topic], false, false).catch(() => undefined))
      )
      return answers.every((answer) =>
        answer?.topics.every((one) => one.errorCode === 0 && one.partitions.every((part) => part.leaderId >= 0))
      )
    }
    // Whoever is not ready in time is described as he is: what is wrong is told by the commands that follow.
    await this.waitFor(isReady, topicReadyMs)
    await describeTopics(this.cluster, [topic])
    return topic
  }

  /** Asks until it is so; false when it is not within the limit. */
  async waitFor(isSo: () => Promise<boolean>, limitMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + limitMs
    for (;;) {
      this.#bench.interrupted.throwIfAborted()
      if (await isSo()) return true
      if (performance.now() > deadlineMs) return false
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    }
  }
}

/** Asks the question until it is answered rightly, skipped, or nobody answers any more. */
export async function askQuestion(concept: Concept, bench: Bench, check: Check): Promise<void> {
  const { reporter, answers } = bench
  await answers.goOn('a question')
  const filled = ({ text, command }: Hint): Hint => ({
    text: fill(text, check.values),
    ...(command === undefined ? {} : { command: fill(command, check.values) })
  })
  const { ask, hints } = concept.question[bench.voice]
  await reporter.ask(concept, filled(ask))
  for (let wrong = 0; ; wrong++) {
    const answer = await nextAnswer(answers, check)
    if (answer.kind === 'skipped') {
      await reporter.answered(concept, 'skipped', `skipped: ${answer.why}`)
      return
    }
    const { right, found } = await check.check(check.isDeed ? answer.text : numberIn(answer.text))
    await reporter.answered(concept, right ? 'right' : 'wrong', found[bench.voice])
    if (right) return
    const hint = hints[wrong] ?? hints.at(-1)
    if (hint) await reporter.hint(filled(hint))
  }
}

/** Enter alone is no answer where a number is asked for: the question stands. */
async function nextAnswer(answers: Answers, { keys, isDeed }: Check): Promise<Answer> {
  for (;;) {
    const answer = await answers.answer(keys)
    if (isDeed || answer.kind === 'skipped' || answer.text !== '') return answer
  }
}

/** Of `2 tickets` or `rail 2` the number; what holds none, or several, stays as it is. */
export function numberIn(text: string): string {
  return /^[^\d-]*(\d+)\D*$/.exec(text)?.[1] ?? text
}
