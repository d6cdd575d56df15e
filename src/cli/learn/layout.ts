/**
 * Text in 80 columns: paragraphs, paragraphs beside a label, and commands that a shell still takes when they are folded.
 */
export const widthMax = 80

/** Words are never cut; one that is longer than the line stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

export function indented(text: string, indent: number, width: number): string[] {
  return wrap(text, width - indent).map((line) => `${' '.repeat(indent)}${line}`)
}

/** A line with columns of its own stays as it is where it fits. */
export function unfolded(line: string, indent: number, width: number): string[] {
  const whole = `${' '.repeat(indent)}${line}`.trimEnd()
  return whole.length <= width ? [whole] : indented(line, indent, width)
}

/** What another program printed, letter by letter: where a line is too long it goes on in the next, between two words where it can. */
export function verbatim(line: string, indent: number, width: number): string[] {
  const room = width - indent
  const pieces: string[] = []
  let rest = line.trimEnd()
  while (rest.length > room) {
    const end = / (?=\S*$)/.exec(rest.slice(0, room + 1))?.index ?? 0
    const at = rest.slice(0, end).trim() === '' ? room : end + 1
    pieces.push(rest.slice(0, at))
    // All spaces of a fold are this line's: one before the next word would leave that word less room than it needs.
    rest = rest.slice(at).trimStart()
  }
  return [...pieces, rest].map((piece) => `${' '.repeat(indent)}${piece}`.trimEnd())
}

/** The label stands before the first line, the others are below the text. */
export function labelled(label: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrap(text, width - label.length)
  return [`${label}${first}`, ...rest.map((line) => `${' '.repeat(label.length)}${line}`)]
}

/** `$ npx odradek …`, folded with backslashes between words, never inside quotes. */
export function foldedCommand(command: string, indent: number, width: number): string[] {
  const words = command.match(/'[^']*'|[^\s']+(?:'[^']*')?/g) ?? []
  const lines: string[] = []
  let line = `${' '.repeat(indent)}$`
  for (const word of glued(words)) {
    if (line.length + 1 + word.length > width - 2 && line.trim() !== '$') {
      lines.push(`${line} \\`)
      line = `${' '.repeat(indent + 4)}${word}`
    } else line = `${line} ${word}`
  }
  return [...lines, line]
}

/** An option stays with its value. */
function glued(words: readonly string[]): string[] {
  const pieces: string[] = []
  for (const word of words) {
    const last = pieces.at(-1)
    if (last?.startsWith('-') && !last.includes(' ') && !word.startsWith('-'))
      pieces[pieces.length - 1] = `${last} ${word}`
    else pieces.push(word)
  }
  return pieces
}
