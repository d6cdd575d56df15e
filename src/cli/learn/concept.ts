/**
 * What a lesson is made of, as data: the words in two voices, the steps of its experiment, the claims that the experiment
 * measures, and one question. The terminal and docs/concepts.md tell the same; how a step is carried out is in
 * `experiments/`.
 */

export const voices = ['layman', 'engineer'] as const
export type Voice = (typeof voices)[number]

/** The same thing said in the kitchen of the food-delivery app, and in Kafka's own words. A reader has one of them. */
export interface TwoVoices<Said = string> {
  readonly layman: Said
  readonly engineer: Said
}

/** Where a step or a claim has its place, when it is not everywhere. */
export interface Somewhere {
  readonly on?: string
}

export interface Step extends TwoVoices, Somewhere {}

/** Said as it is when the broker did so; `otherwise` is said when it did not. */
export interface Claim extends TwoVoices, Somewhere {
  readonly otherwise: TwoVoices
}

/** `{name}` stands for what the experiment fills in. */
export interface Hint {
  readonly text: string
  /** A command that helps, to be typed in another terminal. */
  readonly command?: string
}

export interface Question {
  readonly ask: Hint
  /** One after each wrong answer; the last one is repeated. */
  readonly hints: readonly Hint[]
}

export interface Concept {
  readonly name: string
  readonly title: string
  /** Other words that `odradek learn` takes for it. */
  readonly aliases: readonly string[]
  /** For lists and tables. */
  readonly line: TwoVoices
  /** Why anybody wants this. */
  readonly problem: TwoVoices
  /** The layman's picture: Kafka as a post office. */
  readonly postOffice: string
  /** The same in the kitchen of the food-delivery app. */
  readonly kitchen: string
  readonly definition: string
  readonly steps: Readonly<Record<string, Step>>
  readonly claims: Readonly<Record<string, Claim>>
  readonly question: TwoVoices<Question>
}

export type StepName<C extends Concept> = keyof C['steps'] & string
export type ClaimName<C extends Concept> = keyof C['claims'] & string

/** Puts values in the place of `{name}`; a name without a value is a mistake of ours. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`nothing stands for {${name}} in "${text}"`)
    return String(value)
  })
}
