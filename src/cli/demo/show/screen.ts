/**
 * The demo on a terminal: a screen that is drawn again as things change.
 */
import type { Style } from '../../terminal.ts'
import { type ServiceName, serviceNames } from '../services.ts'
import type { DemoState } from '../state.ts'
import { Canvas, type ScreenStream } from './canvas.ts'
import type { Glyphs } from './glyphs.ts'
import type { Presenter } from './presenter.ts'
import type { Voice } from './sentences.ts'
import { drawDemo } from './view.ts'

export class ScreenPresenter implements Presenter {
  readonly #canvas: Canvas
  readonly #style: Style
  readonly #glyphs: Glyphs
  /** The story begins with the service that is last in the way of an order. */
  selected: ServiceName = 'notifications'
  voice: Voice = 'guest'
  #help: 'shown' | 'hidden' = 'hidden'

  constructor(stream: ScreenStream, style: Style, glyphs: Glyphs) {
    this.#canvas = new Canvas(stream)
    this.#style = style
    this.#glyphs = glyphs
  }

  select(service: ServiceName): void {
    this.selected = service
  }

  move(by: number): void {
    const at = serviceNames.indexOf(this.selected) + by
    this.selected = serviceNames.at(at % serviceNames.length) ?? this.selected
  }

  changeVoice(): void {
    this.voice = this.voice === 'guest' ? 'engineer' : 'guest'
  }

  toggleHelp(): void {
    this.#help = this.#help === 'shown' ? 'hidden' : 'shown'
  }

  begin(state: DemoState): void {
    this.#canvas.open()
    this.tick(state)
  }

  onEvents(): void {}

  onNews(): void {}

  tick(state: DemoState): void {
    this.#canvas.draw((size) =>
      drawDemo(state, {
        ...size,
        style: this.#style,
        glyphs: this.#glyphs,
        selected: this.selected,
        voice: this.voice,
        help: this.#help
      })
    )
  }

  end(): void {
    this.#canvas.close()
  }
}
