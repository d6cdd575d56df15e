/**
 * Runs `demo`: performs the food-delivery app, shows it, and says how it went.
 */
import type { Invocation } from '../command.ts'
import type { ExitCode } from '../exit-codes.ts'
import { interruptedExitCode } from '../interruption.ts'
import { type Command, unknownKey } from './commands.ts'
import { Demo } from './demo.ts'
import { perform, type Show } from './performance.ts'
import { type DemoPlan, readPlan } from './plan.ts'
import { glyphsFor } from './show/glyphs.ts'
import { JsonPresenter, LinesPresenter } from './show/lines.ts'
import type { Presenter } from './show/presenter.ts'
import { ScreenPresenter } from './show/screen.ts'
import { summarize } from './summary.ts'

export async function runDemo(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation)
  const presenter = presenterFor(invocation, plan)
  const demo = new Demo(plan, presenter)
  const stage = await perform(invocation, { play: demo, show: showOf(demo, presenter), directory: plan.directory })
  if (stage === undefined) return interruptedExitCode(invocation.interrupted)
  return await summarize(invocation, plan, demo, stage)
}

function presenterFor({ terminal }: Invocation, plan: DemoPlan): Presenter {
  if (plan.presentation === 'jsonl') return new JsonPresenter(terminal)
  if (plan.presentation === 'lines') return new LinesPresenter(terminal)
  return new ScreenPresenter(process.stdout, terminal.out, glyphsFor(terminal.env))
}

function showOf(demo: Demo, presenter: Presenter): Show {
  const screen = presenter instanceof ScreenPresenter ? presenter : undefined
  return {
    begin: () => presenter.begin(demo.state()),
    tick: () => presenter.tick(demo.state()),
    end: () => presenter.end(),
    takesKeys: screen !== undefined,
    keyContext() {
      const { teams, ratePerSecond, ownBrokers: brokers } = demo.state()
      const selected = screen?.selected ?? 'notifications'
      return { selected, wanted: teams[selected].wanted, paused: teams[selected].paused, ratePerSecond, brokers }
    },
    follow: (command) => follow(command, demo, screen),
    unknown: (key) => demo.tell(unknownKey(key))
  }
}

function follow(command: Exclude<Command, { kind: 'quit' }>, demo: Demo, screen: ScreenPresenter | undefined): void {
  if (command.kind === 'select') screen?.select(command.service)
  else if (command.kind === 'move') screen?.move(command.by)
  else if (command.kind === 'voice') screen?.changeVoice()
  else if (command.kind === 'help') screen?.toggleHelp()
  else demo.command(command)
}
