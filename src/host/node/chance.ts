/** Chance from the operating system. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Chance } from '../chance.ts'

export const nodeChance: Chance = {
  bytes: (count) => randomBytes(count),
  below: (limit) => randomInt(limit)
}
