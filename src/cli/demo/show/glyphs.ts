/**
 * The characters that the screen draws with; plain ones where the locale says that the terminal knows no others.
 */
export interface Glyphs {
  readonly selected: string
  readonly block: string
  readonly done: string
  readonly open: string
}

export const unicodeGlyphs: Glyphs = { selected: '▶', block: '█', done: '●', open: '·' }
export const asciiGlyphs: Glyphs = { selected: '>', block: '#', done: 'x', open: '.' }

export function glyphsFor(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return locale === '' || /utf-?8/i.test(locale) ? unicodeGlyphs : asciiGlyphs
}
