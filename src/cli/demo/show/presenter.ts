/**
 * How the demo is shown: a screen on a terminal, lines anywhere else, JSON lines for programs.
 */
import type { DemoListener } from '../demo.ts'
import type { DemoState } from '../state.ts'

export interface Presenter extends DemoListener {
  /** The stage is set. */
  begin(state: DemoState): void
  /** Called many times a second. */
  tick(state: DemoState): void
  /** The last of it; afterwards the terminal is as it was. Doing it twice does no harm. */
  end(): void
}
