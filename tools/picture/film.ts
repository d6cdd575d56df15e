/**
 * Frames of a terminal as one SVG that plays them in a loop, with no script in it. A line that several frames share is in the
 * file once. Who asks for less motion sees the last frame, and so does a program that plays no animations.
 */
import type { Span, TerminalLine } from './terminal-lines.ts'

export interface FilmOptions {
  readonly columns: number
  readonly rows: number
  readonly frameMs: number
  readonly title: string
}

const cellWidth = 8.4
const cellHeight = 18
const padding = 14
const barHeight = 30
const ground = '#0d1117'
const ink = '#d7dee6'
/** The sixteen colours of a dark terminal; all keep a contrast of 4.5 to the ground, grey aside. */
const palette = [
  '#6e7681',
  '#ff7b72',
  '#56d364',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#56d4dd',
  '#d7dee6',
  '#8b949e',
  '#ffa198',
  '#7ee787',
  '#f2cc60',
  '#a5d6ff',
  '#e2c5ff',
  '#76e3ea',
  '#ffffff'
]

export function filmOf(frames: ReadonlyArray<readonly TerminalLine[]>, options: FilmOptions): string {
  const width = Math.ceil(options.columns * cellWidth + 2 * padding)
  const height = options.rows * cellHeight + 2 * padding + barHeight
  const lines = new Map<string, string>()
  const idOf = (line: TerminalLine): string => {
    const drawn = drawLine(line)
    const id = lines.get(drawn) ?? `l${lines.size}`
    lines.set(drawn, id)
    return id
  }
  const drawnFrames = frames.map((frame, index) => {
    const uses = frame.flatMap((line, row) =>
      line.every((span) => span.text.trim() === '') ? [] : [`<use href="#${idOf(line)}" y="${row * cellHeight}"/>`]
    )
    return `<g class="f" style="animation-delay:${index * options.frameMs}ms">${uses.join('')}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(options.title)}">
<style>${styleFor(frames.length, options.frameMs)}</style>
<defs>${[...lines].map(([drawn, id]) => `<g id="${id}">${drawn}</g>`).join('\n')}</defs>
<rect width="100%" height="100%" rx="8" fill="${ground}"/>
${windowBar(width, options.title)}
<g transform="translate(${padding} ${padding + barHeight})">
${drawnFrames.join('\n')}
</g>
</svg>
`
}

function styleFor(frames: number, frameMs: number): string {
  const share = (100 / frames).toFixed(4)
  return [
    `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:${ink};white-space:pre}`,
    '.b{font-weight:700}.d{opacity:.65}',
    `.f{visibility:hidden;animation:show ${frames * frameMs}ms steps(1) infinite}`,
    '.f:last-child{visibility:visible}',
    `@keyframes show{0%{visibility:visible}${share}%{visibility:hidden}100%{visibility:hidden}}`,
    '@media (prefers-reduced-motion:reduce){.f{animation:none}}'
  ].join('')
}

function windowBar(width: number, title: string): string {
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, index) => `<circle cx="${18 + index * 18}" cy="18" r="5.5" fill="${colour}"/>`
  )
  return `${dots.join('')}<text x="${width / 2}" y="22" text-anchor="middle" class="d">${escaped(title)}</text>`
}

function drawLine(line: TerminalLine): string {
  return line.map((span) => `${drawGround(span)}${drawText(span)}`).join('')
}

function drawGround(span: Span): string {
  const colour = span.isReverse
    ? colourOf(span.colour, ink)
    : span.background === null
      ? null
      : colourOf(span.background, ground)
  if (colour === null) return ''
  const width = [...span.text].length * cellWidth
  return `<rect x="${at(span.column)}" y="0" width="${width.toFixed(1)}" height="${cellHeight}" fill="${colour}"/>`
}

/** Piece by piece between wide gaps, since not every program keeps the spaces of a text. */
function drawText(span: Span): string {
  const classes = [span.isBold ? 'b' : '', span.isDim ? 'd' : ''].filter((name) => name !== '').join(' ')
  const colour = span.isReverse ? ground : span.colour === null ? null : colourOf(span.colour, ink)
  const looks = `${classes === '' ? '' : ` class="${classes}"`}${colour === null ? '' : ` style="fill:${colour}"`}`
  return [...span.text.matchAll(/\S+(?: \S+)*/g)]
    .map(({ 0: piece, index }) => {
      const column = span.column + [...span.text.slice(0, index)].length
      return `<text x="${at(column)}" y="13.5"${lengthOf(piece)}${looks}>${escaped(piece)}</text>`
    })
    .join('')
}

/** The length is given, so that a font of another width keeps the columns. */
function lengthOf(piece: string): string {
  return ` textLength="${([...piece].length * cellWidth).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`
}

function colourOf(index: number | null, otherwise: string): string {
  return index === null ? otherwise : (palette[index] ?? otherwise)
}

function at(column: number): string {
  return (column * cellWidth).toFixed(1)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
