/**
 * A screen of our own on the terminal: lines that are drawn again when they changed, and given back whatever happens.
 */
const enter = '\u001b[?1049h\u001b[?25l\u001b[2J'
const leave = '\u001b[?25h\u001b[?1049l'
const smallest = { columns: 20, rows: 5 }
const usual = { columns: 80, rows: 24 }

/** The part of process.stdout that a screen needs. */
export interface ScreenStream {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

export class Canvas {
  readonly #stream: ScreenStream
  readonly #onResize = () => {
    this.#shown = []
    if (this.#isOpen) this.#stream.write('\u001b[2J')
  }
  #shown: readonly string[] = []
  #isOpen = false

  constructor(stream: ScreenStream) {
    this.#stream = stream
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#stream.write(enter)
    this.#stream.on('resize', this.#onResize)
  }

  draw(lines: (size: Size) => readonly string[]): void {
    if (!this.#isOpen) return
    const drawn = lines({
      columns: Math.max(smallest.columns, this.#stream.columns || usual.columns),
      rows: Math.max(smallest.rows, this.#stream.rows || usual.rows)
    })
    const changes = drawn.flatMap((line, index) =>
      line === this.#shown[index] ? [] : [`\u001b[${index + 1};1H${line}\u001b[K`]
    )
    this.#shown = drawn
    if (changes.length > 0) this.#stream.write(changes.join(''))
  }

  /** Doing it twice does no harm. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#stream.off('resize', this.#onResize)
    this.#stream.write(leave)
  }
}
