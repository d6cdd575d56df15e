/**
 * How the comparison is shown: a screen on a terminal, lines anywhere else, JSON lines for programs.
 */
import type { Style } from '../../../terminal.ts'
import { Canvas, type ScreenStream } from '../../show/canvas.ts'
import type { Glyphs } from '../../show/glyphs.ts'
import type { ComparisonListener } from '../comparison.ts'
import type { ComparisonState } from '../state.ts'
import { drawComparison } from './view.ts'

export interface Presenter extends ComparisonListener {
  /** The stage is set. */
  begin(state: ComparisonState): void
  /** Called many times a second. */
  tick(state: ComparisonState): void
  /** The last of it; afterwards the terminal is as it was. Doing it twice does no harm. */
  end(): void
}

export class ScreenPresenter implements Presenter {
  readonly #canvas: Canvas
  readonly #style: Style
  readonly #glyphs: Glyphs

  constructor(stream: ScreenStream, style: Style, glyphs: Glyphs) {
    this.#canvas = new Canvas(stream)
    this.#style = style
    this.#glyphs = glyphs
  }

  begin(state: ComparisonState): void {
    this.#canvas.open()
    this.tick(state)
  }

  tick(state: ComparisonState): void {
    this.#canvas.draw((size) => drawComparison(state, { ...size, style: this.#style, glyphs: this.#glyphs }))
  }

  onCall(): void {}

  onEvents(): void {}

  onNews(): void {}

  end(): void {
    this.#canvas.close()
  }
}
