/**
 * Runs `learn`: picks the lessons, opens the ground they take place on, and goes through each: introduction, experiment,
 * question, and everything that was made goes again.
 */

import { CliError, wrongUsage } from '../cli-error.ts'
import { columnsOf } from '../columns.ts'
import type { Invocation } from '../command.ts'
import { withCluster } from '../connect.ts'
import { ExitCode } from '../exit-codes.ts'
import { parseBrokers } from '../global-options.ts'
import { interruptedExitCode } from '../interruption.ts'
import { didYouMean, mostSimilar } from '../similar.ts'
import { Answers, Left } from './answers.ts'
import { type Voice, voices } from './concept.ts'
import { allConcepts, conceptNamed } from './concepts/all.ts'
import { showContents } from './contents.ts'
import { lessonOf } from './experiments/all.ts'
import { type Ground, newPrefix, openGround, openGroundOfSeveral, removeMade } from './ground.ts'
import { askQuestion, type Lesson } from './lab.ts'
import { lessonNames } from './lesson-names.ts'
import { type Reporter, RowReporter } from './reporter.ts'
import { Teller } from './telling.ts'

export async function runLearn(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, global } = invocation
  const asked = voices.find((one) => one === flags.text('voice'))
  const [word] = args
  if (word === undefined) return await showContents(invocation, asked ?? 'layman')
  const isForPrograms = global.output !== undefined && global.output !== 'table'
  const voice = asked ?? (isForPrograms ? 'engineer' : 'layman')
  const reporter = isForPrograms
    ? new RowReporter(invocation, voice)
    : new Teller(invocation, voice, columnsOf(process.stdout))
  return await giveLessons(lessonsNamed(word), invocation, { reporter, voice })
}

export interface Telling {
  readonly reporter: Reporter
  readonly voice: Voice
}

/** One after the other; a claim that does not hold does not keep the next from being tried. */
export async function giveLessons(
  lessons: readonly Lesson[],
  invocation: Invocation,
  telling: Telling
): Promise<ExitCode> {
  const { global, terminal, interrupted, flags } = invocation
  const named = flags.text('bootstrapServer')
  // Nobody reads a page to be told at its end that the cluster is not there.
  if (named !== undefined) await withCluster({ ...global, brokers: parseBrokers(named) }, async () => {})
  const answers = new Answers(terminal, { yes: global.yes, interrupted })
  try {
    let held = true
    for (const [index, one] of lessons.entries()) {
      if (index > 0) await answers.goOn(`next: ${one.concept.name}`)
      held = (await giveLesson(one, invocation, telling, answers)) && held
    }
    await telling.reporter.end(lessons.at(-1)?.concept)
    return held ? ExitCode.done : ExitCode.notMet
  } catch (error) {
    // What could not be removed is told all the same.
    if (interrupted.aborted && !(error instanceof CliError)) return interruptedExitCode(interrupted)
    if (error instanceof Left) return ExitCode.done
    throw error
  } finally {
    answers.close()
  }
}

/** Gives whether every claim held. */
async function giveLesson(
  { concept, ordeal, perform }: Lesson,
  { flags, global, terminal, interrupted }: Invocation,
  { reporter, voice }: Telling,
  answers: Answers
): Promise<boolean> {
  await reporter.introduce(concept)
  await answers.goOn('the experiment')
  const afterwards = flags.has('keep') ? 'kept' : 'removed'
  const open = ordeal === 'one of several killed' ? openGroundOfSeveral : openGround
  await using ground = await open({ flags, global, afterwards })
  const bench = { ground, reporter, answers, prefix: newPrefix(), voice, interrupted }
  await reporter.begin(concept, ground, bench.prefix)
  try {
    const { check, held } = await perform(bench)
    await askQuestion(concept, bench, check)
    return held
  } finally {
    if (afterwards === 'removed') await removeAll(ground, bench.prefix)
    else if (ground.directory !== null) terminal.hint(`kept: ${ground.directory}`)
  }
}

/** With a broker of our own all goes with its directory, also when it does not answer any more. */
async function removeAll(ground: Ground, prefix: string): Promise<void> {
  if (ground.kind === 'cluster') await removeMade(ground, prefix)
}

function lessonsNamed(word: string): Lesson[] {
  if (word === 'all') return allConcepts.map(lessonOf)
  // Under `odradek learn` they are numbered.
  const concept = /^\d+$/.test(word) ? allConcepts[Number(word) - 1] : conceptNamed(word)
  if (concept) return [lessonOf(concept)]
  const why = `${didYouMean(word, lessonNames)}there are ${lessonNames.slice(0, -1).join(', ')}, and all`
  const similar = mostSimilar(word, lessonNames)
  const next = similar === undefined ? 'odradek learn' : `odradek learn ${similar}`
  throw wrongUsage(`there is no lesson about "${word}"`, why, next)
}
