/**
 * A broker is cut off, from the controller, from the other brokers or from all of them; nothing comes through to it, or from it, or
 * neither. Clients reach it all the same. Beside other faults, and at times for longer than its session.
 */
import type { Node } from './node.ts'
import type { Scene } from './scene.ts'

const kinds = ['cut off from brokers', 'cut off from the controller', 'cut off from all'] as const
export type Isolation = (typeof kinds)[number]

/** Longer than a session, as it is in simulations (cluster.ts), which is looked at every quarter of it. */
const [leastLongMicros, mostLongMicros] = [1_500_000, 6_000_000]

/** Gives what it is cut off from. `mostMicros` is how long it lasts at most when it is short. */
export function isolate({ world, cluster }: Scene, node: Node, mostMicros: number): Isolation {
  const kind = kinds[world.chance.below(kinds.length)] ?? 'cut off from all'
  const directions = world.between(1, 3)
  const lasts = world.oneIn(2) ? world.between(leastLongMicros, mostLongMicros) : world.between(0, mostMicros)
  const others = cluster.machines.filter((other) => {
    if (other === node) return false
    return kind === 'cut off from all' || cluster.nodes.includes(other) === (kind === 'cut off from brokers')
  })
  const mends = others.flatMap(({ id }) => [
    ...((directions & 1) === 0 ? [] : [cluster.links.cut(id, node.id)]),
    ...((directions & 2) === 0 ? [] : [cluster.links.cut(node.id, id)])
  ])
  cluster.tell(`node ${node.id}: ${kind} (${directionNames[directions]}) for ${Math.round(lasts / 1000)} ms`)
  world.after(lasts, `node ${node.id} is cut off no more`, () => {
    for (const mend of mends) mend()
  })
  return kind
}

const directionNames = ['', 'to it', 'from it', 'both ways']
