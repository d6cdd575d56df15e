/** What a seed chooses from: the same for both brokers of a comparison. */
import { SeededChance } from '../../../src/host/memory/chance.ts'

export class Choices extends SeededChance {
  oneOf<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0]
  }
}
