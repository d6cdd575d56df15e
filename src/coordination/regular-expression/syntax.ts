/**
 * Regular expressions as RE2 writes them (Kafka takes them with RE2J), read into a tree. What needs to look back or ahead is no part of RE2,
 * so that each can be matched in time in proportion to the text. Of RE2's syntax named Unicode classes (\pL) and the flags s, m and U are
 * not taken: whoever uses them is told that the expression is not valid.
 */
import { limits } from '../../limits.ts'

export type Node =
  | { readonly kind: 'character'; readonly matches: CharacterSet }
  | { readonly kind: 'assertion'; readonly of: Assertion }
  | { readonly kind: 'sequence'; readonly of: readonly Node[] }
  | { readonly kind: 'choice'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly least: number; readonly most: number }

export type Assertion = 'start' | 'end' | 'word boundary' | 'no word boundary'

/** Ranges of code points, from and to included. */
export interface CharacterSet {
  readonly ranges: readonly (readonly [number, number])[]
  readonly isNegated: boolean
  readonly ignoresCase: boolean
}

export class MalformedExpression extends Error {
  override readonly name = 'MalformedExpression'
}

const digits: CharacterSet['ranges'] = [[48, 57]]
const words: CharacterSet['ranges'] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122]
] // prettier-ignore
const spaces: CharacterSet['ranges'] = [
  [9, 10],
  [12, 13],
  [32, 32]
] // prettier-ignore
const lastCodePoint = 0x10ffff
const lineFeed = 10

const perlClasses = new Map<string, CharacterSet['ranges']>([
  ['d', digits],
  ['w', words],
  ['s', spaces]
])

const posixClasses = new Map<string, CharacterSet['ranges']>([
  [
    'alnum',
    [
      [48, 57],
      [65, 90],
      [97, 122]
    ]
  ],
  [
    'alpha',
    [
      [65, 90],
      [97, 122]
    ]
  ],
  ['ascii', [[0, 127]]],
  [
    'blank',
    [
      [9, 9],
      [32, 32]
    ]
  ],
  [
    'cntrl',
    [
      [0, 31],
      [127, 127]
    ]
  ],
  ['digit', digits],
  ['graph', [[33, 126]]],
  ['lower', [[97, 122]]],
  ['print', [[32, 126]]],
  [
    'punct',
    [
      [33, 47],
      [58, 64],
      [91, 96],
      [123, 126]
    ]
  ],
  [
    'space',
    [
      [9, 13],
      [32, 32]
    ]
  ],
  ['upper', [[65, 90]]],
  ['word', words],
  [
    'xdigit',
    [
      [48, 57],
      [65, 70],
      [97, 102]
    ]
  ]
])

const controls = new Map([
  ['a', 7],
  ['f', 12],
  ['n', lineFeed],
  ['r', 13],
  ['t', 9],
  ['v', 11]
])

/** Throws MalformedExpression. */
export function parse(pattern: string): Node {
  const parser = new Parser(Array.from(pattern))
  const node = parser.choice()
  if (!parser.isAtEnd) throw new MalformedExpression('a closing parenthesis has no opening one')
  return node
}

class Parser {
  readonly #characters: readonly string[]
  #position = 0
  #depth = 0
  #ignoresCase = false

  constructor(characters: readonly string[]) {
    this.#characters = characters
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#characters.length
  }

  choice(): Node {
    const choices = [this.#sequence()]
    while (this.#take('|')) choices.push(this.#sequence())
    return choices.length === 1 && choices[0] !== undefined ? choices[0] : { kind: 'choice', of: choices }
  }

  #sequence(): Node {
    const of: Node[] = []
    while (!this.isAtEnd && !this.#isAt('|') && !this.#isAt(')')) {
      const atom = this.#atom()
      if (atom !== null) of.push(this.#repeated(atom))
    }
    return { kind: 'sequence', of }
  }

  #repeated(atom: Node): Node {
    let node = atom
    let wasRepeated = false
    for (;;) {
      const times = this.#times()
      if (times === null) return node
      if (wasRepeated) throw new MalformedExpression('what is repeated is repeated again')
      wasRepeated = true
      // Whether as few as possible are taken makes no difference to what matches.
      this.#take('?')
      node = { kind: 'repeat', of: node, ...times }
    }
  }

  #times(): { readonly least: number; readonly most: number } | null {
    if (this.#take('*')) return { least: 0, most: Infinity }
    if (this.#take('+')) return { least: 1, most: Infinity }
    if (this.#take('?')) return { least: 0, most: 1 }
    return this.#isAt('{') ? this.#counted() : null
  }

  /** A brace that holds no count stands for itself. */
  #counted(): { readonly least: number; readonly most: number } | null {
    const end = this.#characters.indexOf('}', this.#position)
    const counts = /^(\d+)(,(\d*))?$/.exec(this.#characters.slice(this.#position + 1, Math.max(end, 0)).join(''))
    if (counts === null) return null
    const [, from = '', comma, to = ''] = counts
    const least = Number(from)
    const most = comma === undefined ? least : to === '' ? Infinity : Number(to)
    if (least > most || least > limits.expressionRepeats || (most !== Infinity && most > limits.expressionRepeats))
      throw new MalformedExpression('a count of repetitions is too large, or the lower one is above the higher')
    this.#position = end + 1
    return { least, most }
  }

  /** Null for what only sets a flag. */
  #atom(): Node | null {
    const character = this.#next()
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return this.#class()
      case '.':
        return this.#set([[lineFeed, lineFeed]], true)
      case '^':
        return { kind: 'assertion', of: 'start' }
      case '$':
        return { kind: 'assertion', of: 'end' }
      case '*':
      case '+':
      case '?':
        throw new MalformedExpression(`there is nothing to repeat before ${character}`)
      case '\\':
        return this.#escaped()
      default:
        return this.#literal(character)
    }
  }

  #group(): Node | null {
    this.#depth += 1
    if (this.#depth > limits.expressionDepth) throw new MalformedExpression('its groups are nested too deep')
    const outer = this.#ignoresCase
    if (this.#take('?') && !this.#opening()) {
      this.#depth -= 1
      return null
    }
    const inner = this.choice()
    if (!this.#take(')')) throw new MalformedExpression('a parenthesis is not closed')
    this.#ignoresCase = outer
    this.#depth -= 1
    return inner
  }

  /** What stands behind `(?`; false where that was all, and the flags hold until the group around it ends. */
  #opening(): boolean {
    const name = /^P?<[A-Za-z_]\w*>/.exec(this.#characters.slice(this.#position, this.#position + 200).join(''))
    if (name !== null) {
      this.#position += name[0].length
      return true
    }
    let sets = true
    for (;;) {
      const character = this.#next()
      if (character === ':') return true
      if (character === ')') return false
      if (character === '-' && sets) sets = false
      else if (character === 'i') this.#ignoresCase = sets
      else throw new MalformedExpression('this kind of group is not known')
    }
  }

  #class(): Node {
    const isNegated = this.#take('^')
    const ranges: (readonly [number, number])[] = []
    for (let isFirst = true; isFirst || !this.#isAt(']'); isFirst = false) {
      if (this.isAtEnd) throw new MalformedExpression('a class of characters is not closed')
      const whole = this.#classWithin()
      if (whole !== null) {
        ranges.push(...whole)
        continue
      }
      const from = this.#classCharacter()
      const isRange = this.#isAt('-') && this.#characters[this.#position + 1] !== ']'
      if (isRange) this.#position += 1
      const to = isRange ? this.#classCharacter() : from
      if (from > to) throw new MalformedExpression('a range of characters goes backwards')
      ranges.push([from, to])
    }
    this.#position += 1
    return this.#set(ranges, isNegated)
  }

  /** A class that stands within one: `\d`, `[:alpha:]`. */
  #classWithin(): CharacterSet['ranges'] | null {
    const rest = this.#characters.slice(this.#position, this.#position + 12).join('')
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest)
    if (posix !== null) {
      const ranges = posixClasses.get(posix[2] ?? '')
      if (ranges === undefined) throw new MalformedExpression(`there is no class ${posix[0]}`)
      this.#position += posix[0].length
      return posix[1] === '^' ? complement(ranges) : ranges
    }
    if (!rest.startsWith('\\')) return null
    const perl = perlClasses.get(rest.slice(1, 2).toLowerCase())
    if (perl === undefined) return null
    this.#position += 2
    return rest.charAt(1) === rest.charAt(1).toLowerCase() ? perl : complement(perl)
  }

  #classCharacter(): number {
    const character = this.#next()
    return character === '\\' ? this.#escapedCodePoint(this.#next()) : codePointOf(character)
  }

  #escaped(): Node {
    const character = this.#next()
    const perl = perlClasses.get(character.toLowerCase())
    if (perl !== undefined) return this.#set(perl, character !== character.toLowerCase())
    if (character === 'A') return { kind: 'assertion', of: 'start' }
    if (character === 'z') return { kind: 'assertion', of: 'end' }
    if (character === 'b') return { kind: 'assertion', of: 'word boundary' }
    if (character === 'B') return { kind: 'assertion', of: 'no word boundary' }
    if (character === 'Q') return this.#quoted()
    return this.#literalOf(this.#escapedCodePoint(character))
  }

  #quoted(): Node {
    const of: Node[] = []
    while (!this.isAtEnd && !(this.#isAt('\\') && this.#characters[this.#position + 1] === 'E'))
      of.push(this.#literal(this.#next()))
    this.#position = Math.min(this.#position + 2, this.#characters.length)
    return { kind: 'sequence', of }
  }

  #escapedCodePoint(character: string): number {
    const control = controls.get(character)
    if (control !== undefined) return control
    if (character === 'x') return this.#hexadecimal()
    // A letter or a digit may mean something: only punctuation stands for itself.
    if (/[A-Za-z0-9]/.test(character)) throw new MalformedExpression(`\\${character} means nothing`)
    return codePointOf(character)
  }

  #hexadecimal(): number {
    const rest = this.#characters.slice(this.#position, this.#position + 10).join('')
    const read = /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(rest)
    const codePoint = Number.parseInt(read?.[1] ?? read?.[2] ?? '', 16)
    if (read === null || codePoint > lastCodePoint) throw new MalformedExpression('\\x is followed by no character')
    this.#position += read[0].length
    return codePoint
  }

  #literal(character: string): Node {
    return this.#literalOf(codePointOf(character))
  }

  #literalOf(codePoint: number): Node {
    return this.#set([[codePoint, codePoint]], false)
  }

  #set(ranges: CharacterSet['ranges'], isNegated: boolean): Node {
    return { kind: 'character', matches: { ranges, isNegated, ignoresCase: this.#ignoresCase } }
  }

  #isAt(character: string): boolean {
    return this.#characters[this.#position] === character
  }

  #take(character: string): boolean {
    if (!this.#isAt(character)) return false
    this.#position += 1
    return true
  }

  #next(): string {
    const character = this.#characters[this.#position]
    if (character === undefined) throw new MalformedExpression('it ends too early')
    this.#position += 1
    return character
  }
}

function complement(ranges: CharacterSet['ranges']): CharacterSet['ranges'] {
  const rest: (readonly [number, number])[] = []
  let from = 0
  for (const [first, last] of ranges) {
    if (first > from) rest.push([from, first - 1])
    from = last + 1
  }
  return [...rest, [from, lastCodePoint]]
}

function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0
}
