/**
 * Lines of a screen, made of cells: text of a known width, painted afterwards, so that colour never counts as width and no line is
 * wider than the screen.
 */
export type Paint = (text: string) => string

export interface Cell {
  readonly text: string
  /** Shorter text is padded, longer text is cut; without it the text as it is. */
  readonly width?: number
  readonly align?: 'left' | 'right'
  readonly paint?: Paint
}

const plain: Paint = (text) => text

export function lineOf(cells: readonly Cell[], columns: number): string {
  let left = columns
  const parts: string[] = []
  for (const { text, width = text.length, align = 'left', paint = plain } of cells) {
    const room = Math.min(width, left)
    if (room <= 0) break
    const cut = text.slice(0, room)
    const painted = cut === '' ? '' : paint(cut)
    const gap = ' '.repeat(room - cut.length)
    parts.push(align === 'right' ? gap + painted : painted + gap)
    left -= room
  }
  return parts.join('').trimEnd()
}
