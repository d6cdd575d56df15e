/** Simulates what it is told to, one after the other, in a process of its own. */
import { simulate } from './simulate.ts'

export interface Order {
  readonly seed: number
  readonly steps: number
}

process.on('message', ({ seed, steps }: Order) => {
  simulate(seed, steps).then((outcome) => process.send?.(outcome))
})
