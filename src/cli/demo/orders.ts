/**
 * The orders of the food-delivery app: the same seed gives the same orders, on every machine and in every world.
 *
 * What an order is never depends on time; when it is placed does.
 */

export interface Order {
  /** From 1, in the order they are placed. The key of every event about this order, as text. */
  readonly orderId: number
  readonly customer: string
  readonly dish: string
  readonly quantity: number
  readonly totalCents: number
}

type Dish = readonly [name: string, priceCents: number]

const customers = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'] as const
const dishes: readonly [Dish, ...Dish[]] = [
  ['ramen', 1350],
  ['pizza', 1190],
  ['burger', 980],
  ['pad thai', 1240],
  ['falafel', 850],
  ['sushi', 1890],
  ['lasagne', 1320],
  ['curry', 1150]
]
const quantityMax = 3

/** Endless; take as many as are wanted. */
export function* ordersOf(seed: number): Generator<Order, never> {
  const chance = seededChance(seed)
  for (let orderId = 1; ; orderId++) {
    const customer = pick(customers, chance)
    const [dish, priceCents] = pick(dishes, chance)
    const quantity = 1 + Math.floor(chance() * quantityMax)
    yield { orderId, customer, dish, quantity, totalCents: priceCents * quantity }
  }
}

function pick<Item>(items: readonly [Item, ...Item[]], chance: () => number): Item {
  return items[Math.floor(chance() * items.length)] ?? items[0]
}

/** Mulberry32: numbers from 0 to below 1, the same for the same seed. */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
