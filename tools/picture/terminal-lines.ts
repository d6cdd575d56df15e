/**
 * The lines of a terminal with their colours, read from what `tmux capture-pane -e` prints: text with SGR sequences (ECMA-48),
 * whose state goes on from line to line.
 */

export interface Look {
  readonly colour: number | null
  readonly background: number | null
  readonly isBold: boolean
  readonly isDim: boolean
  readonly isReverse: boolean
}

export interface Span extends Look {
  readonly column: number
  readonly text: string
}

export type TerminalLine = readonly Span[]

const plain: Look = { colour: null, background: null, isBold: false, isDim: false, isReverse: false }

export function readTerminalLines(captured: string): TerminalLine[] {
  let look = plain
  return captured
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => {
      const spans: Span[] = []
      let column = 0
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
      for (const part of line.split(/(\u001b\[[0-9;]*m|\u001b[()][A-Z0-9]|[\u000e\u000f])/)) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the same.
        const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1]
        if (codes !== undefined) look = changed(look, codes.split(';').map(Number))
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the same.
        else if (part !== '' && !/^[\u001b\u000e\u000f]/.test(part)) {
          spans.push({ ...look, column, text: part })
          column += [...part].length
        }
      }
      return spans
    })
}

function changed(look: Look, codes: readonly number[]): Look {
  let next = look
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0
    // 256 colours: 38;5;N and 48;5;N.
    if ((code === 38 || code === 48) && codes[index + 1] === 5) {
      const colour = codes[index + 2] ?? 0
      next = code === 38 ? { ...next, colour } : { ...next, background: colour }
      index += 2
    } else next = withCode(next, code)
  }
  return next
}

function withCode(look: Look, code: number): Look {
  if (code === 0) return plain
  if (code === 1) return { ...look, isBold: true }
  if (code === 2) return { ...look, isDim: true }
  if (code === 7) return { ...look, isReverse: true }
  if (code === 22) return { ...look, isBold: false, isDim: false }
  if (code === 27) return { ...look, isReverse: false }
  if (code >= 30 && code <= 37) return { ...look, colour: code - 30 }
  if (code >= 90 && code <= 97) return { ...look, colour: code - 82 }
  if (code === 39) return { ...look, colour: null }
  if (code >= 40 && code <= 47) return { ...look, background: code - 40 }
  if (code >= 100 && code <= 107) return { ...look, background: code - 92 }
  if (code === 49) return { ...look, background: null }
  return look
}
