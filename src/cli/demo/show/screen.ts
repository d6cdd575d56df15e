/**
 * The demo on a terminal: a screen of its own that is drawn again when something changed, line by line, and given back whatever happens.
 */
import type { Style } from '../../terminal.ts'
import { type ServiceName, serviceNames } from '../services.ts'
import type { DemoState } from '../state.ts'
import type { Glyphs } from './glyphs.ts'
import type { Presenter } from './presenter.ts'
import type { Voice } from './sentences.ts'
import { drawDemo } from './view.ts'

const enter = '\u001b[?1049h\u001b[?25l\u001b[2J'
const leave = '\u001b[?25h\u001b[?1049l'
const smallest = { columns: 20, rows: 5 }

/** The part of process.stdout that a screen needs. */
export interface ScreenStream {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

export class ScreenPresenter implements Presenter {
  readonly #stream: ScreenStream
  readonly #style: Style
  readonly #glyphs: Glyphs
  readonly #onResize = () => {
    this.#shown = []
    if (this.#isOpen) this.#stream.write('\u001b[2J')
  }
  #shown: string[] = []
  #isOpen = false
  selected: ServiceName = 'kitchen'
  voice: Voice = 'guest'

  constructor(stream: ScreenStream, style: Style, glyphs: Glyphs) {
    this.#stream = stream
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

  begin(state: DemoState): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#stream.write(enter)
    this.#stream.on('resize', this.#onResize)
    this.tick(state)
  }

  onEvents(): void {}

  onNews(): void {}

  tick(state: DemoState): void {
    if (!this.#isOpen) return
    const lines = drawDemo(state, {
      columns: Math.max(smallest.columns, this.#stream.columns || 80),
      rows: Math.max(smallest.rows, this.#stream.rows || 24),
      style: this.#style,
      glyphs: this.#glyphs,
      selected: this.selected,
      voice: this.voice
    })
    const changes = lines.flatMap((line, index) =>
      line === this.#shown[index] ? [] : [`\u001b[${index + 1};1H${line}\u001b[K`]
    )
    this.#shown = lines
    if (changes.length > 0) this.#stream.write(changes.join(''))
  }

  end(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#stream.off('resize', this.#onResize)
    this.#stream.write(leave)
  }
}
