/**
 * What is filmed for the README, and what a person does in it: waits for what the screen says, and presses the key that it names.
 */
export interface Scene {
  /** docs/pictures/NAME.svg */
  readonly name: string
  readonly title: string
  readonly command: string
  readonly steps: readonly Step[]
  /** The film ends a while after this is on the screen. */
  readonly end: RegExp
}

export interface Step {
  readonly seen: RegExp
  /** Frames to read it in. */
  readonly afterFrames: number
  readonly press: string
}

export const scenes: readonly Scene[] = [
  {
    name: 'compare',
    title: 'npx odradek demo --compare',
    command: 'node dist/cli/main.js demo --compare --seed 7',
    steps: [],
    end: /In short: /
  },
  {
    name: 'demo',
    title: 'npm start',
    command: 'node dist/cli/main.js demo --seed 7',
    steps: [
      { seen: /Now press k: /, afterFrames: 6, press: 'k' },
      { seen: /Now press r: /, afterFrames: 8, press: 'r' },
      { seen: /Your turn: /, afterFrames: 12, press: 'q' }
    ],
    end: /waited in the log meanwhile/
  }
]
