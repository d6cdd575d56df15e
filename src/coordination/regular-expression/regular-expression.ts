/**
 * A regular expression that a client sends, matched without ever going back: each character of the text is looked at once, with all the
 * places of the expression that it may be at (Thompson's construction). No expression takes more than its size times the text's.
 */
import { limits } from '../../limits.ts'
import { type Assertion, type CharacterSet, MalformedExpression, type Node, parse } from './syntax.ts'

type Step =
  | { readonly kind: 'character'; readonly matches: CharacterSet; readonly next: number }
  | { readonly kind: 'assertion'; readonly of: Assertion; readonly next: number }
  | { kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'match' }

export class RegularExpression {
  readonly #steps: readonly Step[]
  readonly #start: number

  /** 'malformed' for what is none, or is larger than any that a person writes. */
  static parse(pattern: string): RegularExpression | 'malformed' {
    try {
      if (pattern.length > limits.expressionLength) return 'malformed'
      return new RegularExpression(parse(pattern))
    } catch (error) {
      if (error instanceof MalformedExpression) return 'malformed'
      throw error
    }
  }

  private constructor(node: Node) {
    const program = new Program()
    this.#start = program.compile(node, program.add({ kind: 'match' }))
    this.#steps = program.steps
  }

  /** Whether all of the text is what the expression says. */
  matches(text: string): boolean {
    const codePoints = Array.from(text, (character) => character.codePointAt(0) ?? 0)
    let places = this.#reach([this.#start], codePoints, 0)
    for (const [index, codePoint] of codePoints.entries()) {
      const next: number[] = []
      for (const place of places) {
        const step = this.#steps[place]
        if (step?.kind === 'character' && isIn(step.matches, codePoint)) next.push(step.next)
      }
      if (next.length === 0) return false
      places = this.#reach(next, codePoints, index + 1)
    }
    return [...places].some((place) => this.#steps[place]?.kind === 'match')
  }

  /** All places that can be come to from these without a character. */
  #reach(from: readonly number[], text: readonly number[], at: number): ReadonlySet<number> {
    const reached = new Set<number>()
    const open = [...from]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (reached.has(place)) continue
      reached.add(place)
      const step = this.#steps[place]
      if (step?.kind === 'fork') open.push(...step.next)
      if (step?.kind === 'assertion' && holds(step.of, text, at)) open.push(step.next)
    }
    return reached
  }
}

class Program {
  readonly steps: Step[] = []

  add(step: Step): number {
    if (this.steps.length >= limits.expressionSteps) throw new MalformedExpression('it comes to too many steps')
    return this.steps.push(step) - 1
  }

  /** Gives where the node begins, when `next` is what comes behind it. */
  compile(node: Node, next: number): number {
    switch (node.kind) {
      case 'character':
        return this.add({ kind: 'character', matches: node.matches, next })
      case 'assertion':
        return this.add({ kind: 'assertion', of: node.of, next })
      case 'sequence':
        return node.of.reduceRight((behind, one) => this.compile(one, behind), next)
      case 'choice':
        return this.add({ kind: 'fork', next: node.of.map((one) => this.compile(one, next)) })
      case 'repeat':
        return this.#repeat(node, next)
    }
  }

  #repeat({ of, least, most }: Extract<Node, { kind: 'repeat' }>, next: number): number {
    let start = next
    if (most === Infinity) {
      const loop: Step = { kind: 'fork', next: [next] }
      start = this.add(loop)
      loop.next = [this.compile(of, start), next]
    } else {
      for (let count = least; count < most; count++)
        start = this.add({ kind: 'fork', next: [this.compile(of, start), next] })
    }
    for (let count = 0; count < least; count++) start = this.compile(of, start)
    return start
  }
}

function isIn({ ranges, isNegated, ignoresCase }: CharacterSet, codePoint: number): boolean {
  const candidates = ignoresCase ? cases(codePoint) : [codePoint]
  const isListed = candidates.some((one) => ranges.some(([from, to]) => from <= one && one <= to))
  return isListed !== isNegated
}

function cases(codePoint: number): readonly number[] {
  const character = String.fromCodePoint(codePoint)
  return [character, character.toLowerCase(), character.toUpperCase()].map((one) => one.codePointAt(0) ?? 0)
}

function holds(assertion: Assertion, text: readonly number[], at: number): boolean {
  if (assertion === 'start') return at === 0
  if (assertion === 'end') return at === text.length
  const isBoundary = isWord(text[at - 1]) !== isWord(text[at])
  return isBoundary === (assertion === 'word boundary')
}

function isWord(codePoint: number | undefined): boolean {
  return codePoint !== undefined && /\w/.test(String.fromCodePoint(codePoint))
}
