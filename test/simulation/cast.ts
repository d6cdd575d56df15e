/** Who takes part in a simulation besides its brokers: some always, the others in turns, as the seed has it. */
import { Administrator } from './administrator.ts'
import type { Client } from './client.ts'
import { GroupReader } from './group-reader.ts'
import { Member } from './member.ts'
import { Mover } from './mover.ts'
import { Producer } from './producer.ts'
import type { Scene } from './scene.ts'

export type Role = (client: Client) => Promise<void>

export interface Cast {
  readonly roles: ReadonlyMap<string, Role>
  readonly counts: () => Readonly<Record<string, number>>
}

/** A group has so many members at most. */
const mostMembers = 4

export function castOf(scene: Scene): Cast {
  const { world, cluster } = scene
  const roles = new Map<string, Role>()
  const movers: Mover[] = []
  const hasMover = cluster.nodes.length > 1 && world.oneIn(2)
  const members = world.oneIn(2) ? world.between(2, mostMembers) : 0
  roles.set('administrator', (client) => new Administrator(scene, client, { loose: hasMover && world.oneIn(2) }).run())
  for (const [name, acks] of [
    ['a', -1],
    ['b', 1]
  ] as const) {
    roles.set(`idempotent-${name}`, (client) => new Producer(scene, client, name, acks).run('idempotent'))
  }
  for (const [name, acks] of [
    ['c', -1],
    ['d', 1],
    ['e', 0]
  ] as const) {
    roles.set(`once-${name}`, (client) => new Producer(scene, client, name, acks).run('once'))
  }
  // Requests of several partitions are jobs in this world.
  if (world.pace !== undefined) roles.set('widely-f', (client) => new Producer(scene, client, 'f', -1).run('widely'))
  roles.set('reader-1', (client) => new GroupReader(scene, client, 'kitchen').run())
  if (members === 0) roles.set('reader-2', (client) => new GroupReader(scene, client, 'bank').run())
  for (let number = 1; number <= members; number += 1) {
    roles.set(`member-${number}`, (client) => new Member(scene, client, 'waiters').run())
  }
  if (hasMover) {
    roles.set('mover', (client) => {
      const mover = new Mover(scene, client)
      movers.push(mover)
      return mover.run()
    })
  }
  return { roles, counts: () => ({ moved: 0, 'taken back': 0, elected: 0, throttled: 0, ...movers[0]?.counts }) }
}
