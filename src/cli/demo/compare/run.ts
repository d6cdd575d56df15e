/**
 * Runs `demo --compare`: performs both worlds side by side, shows them, and counts what each lost.
 */
import type { Invocation } from '../../command.ts'
import type { ExitCode } from '../../exit-codes.ts'
import { interruptedExitCode } from '../../interruption.ts'
import { perform, type Show } from '../performance.ts'
import { glyphsFor } from '../show/glyphs.ts'
import { Comparison } from './comparison.ts'
import { type ComparisonPlan, readPlan } from './plan.ts'
import { JsonPresenter, LinesPresenter } from './show/lines.ts'
import { type Presenter, ScreenPresenter } from './show/presenter.ts'
import { summarize } from './summary.ts'

export async function runCompare(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation)
  const presenter = presenterFor(invocation, plan)
  const comparison = new Comparison(plan, presenter)
  const show = showOf(comparison, presenter)
  const stage = await perform(invocation, { play: comparison, show, directory: plan.directory })
  if (stage === undefined) return interruptedExitCode(invocation.interrupted)
  return await summarize(invocation, plan, { due: comparison.due, state: comparison.state() }, stage)
}

function presenterFor({ terminal }: Invocation, plan: ComparisonPlan): Presenter {
  if (plan.presentation === 'jsonl') return new JsonPresenter(terminal)
  if (plan.presentation === 'lines') return new LinesPresenter(terminal)
  return new ScreenPresenter(process.stdout, terminal.out, glyphsFor(terminal.env))
}

const onlyKeys = 'only k and q do something here'

/** One thing can be done: kill notifications, in both worlds. */
function showOf(comparison: Comparison, presenter: Presenter): Show {
  return {
    begin: () => presenter.begin(comparison.state()),
    tick: () => presenter.tick(comparison.state()),
    end: () => presenter.end(),
    takesKeys: presenter instanceof ScreenPresenter,
    keyContext: () => ({ selected: 'notifications', wanted: 1, paused: false, brokers: [], ratePerSecond: 1 }),
    follow(command) {
      if (command.kind === 'kill') comparison.kill()
      else comparison.tell(onlyKeys)
    },
    unknown: () => comparison.tell(onlyKeys)
  }
}
