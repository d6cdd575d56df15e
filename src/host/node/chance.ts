/** Chance from the operating system. Node's crypto is loaded when it is first asked: a start on known data never does. */
import type { Chance } from '../chance.ts'

type Crypto = typeof import('node:crypto')

let loaded: Crypto | undefined

function crypto(): Crypto {
  loaded ??= process.getBuiltinModule('node:crypto')
  return loaded
}

export const nodeChance: Chance = {
  bytes: (count) => crypto().randomBytes(count),
  below: (limit) => crypto().randomInt(limit)
}
