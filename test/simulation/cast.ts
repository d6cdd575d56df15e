/** Who takes part in a simulation besides its brokers: some always, the others in turns, as the seed has it. */
import { Administrator } from './administrator.ts'
import type { Client } from './client.ts'
import { KeyReader } from './compacted/key-reader.ts'
import { makeKeyTopics } from './compacted/key-topics.ts'
import { KeyWriter } from './compacted/key-writer.ts'
import { GroupReader } from './group-reader.ts'
import { Member } from './member.ts'
import { Mover } from './mover.ts'
import { OffsetLister } from './offset-lister.ts'
import { Producer } from './producer.ts'
import { pickShared, type Scene } from './scene.ts'
import { ShareMember } from './share-members/share-member.ts'
import { makeSharedTopic } from './share-members/shared-topic.ts'
import { ShareKeeper } from './share-states/share-keeper.ts'
import { CommittedReader } from './transactions/committed-reader.ts'
import { makeTransactionTopics } from './transactions/transaction-topics.ts'
import { TransactionalProducer } from './transactions/transactional-producer.ts'
import { Transformer } from './transactions/transformer.ts'

export type Role = (client: Client) => Promise<void>

export interface Cast {
  readonly roles: ReadonlyMap<string, Role>
  readonly counts: () => Readonly<Record<string, number>>
}

/** A group has so many members at most. */
const mostMembers = 4

export function castOf(
  scene: Scene,
  { hasTransactions, hasShares, hasSharers }: Record<'hasTransactions' | 'hasShares' | 'hasSharers', boolean>
): Cast {
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
    // Where there are transactions, or records are shared, they have the time that these would take.
    if (!hasTransactions && !hasSharers)
      roles.set(`once-${name}`, (client) => new Producer(scene, client, name, acks).run('once'))
  }
  // Requests of several partitions are jobs in this world.
  if (world.pace !== undefined) roles.set('widely-f', (client) => new Producer(scene, client, 'f', -1).run('widely'))
  if (world.oneIn(2)) roles.set('lister', (client) => new OffsetLister(scene, client).run())
  roles.set('reader-1', (client) => new GroupReader(scene, client, 'kitchen').run())
  if (members === 0) roles.set('reader-2', (client) => new GroupReader(scene, client, 'bank').run())
  for (let number = 1; number <= members; number += 1) {
    roles.set(`member-${number}`, (client) => new Member(scene, client, 'waiters').run())
  }
  if (world.oneIn(3)) {
    roles.set('keeper', (client) => makeKeyTopics(scene, client))
    roles.set('keys-g', (client) => new KeyWriter(scene, client, 'g').run('idempotent'))
    roles.set('keys-h', (client) => new KeyWriter(scene, client, 'h').run('idempotent'))
    roles.set('keys-i', (client) => new KeyWriter(scene, client, 'i').run('once'))
    roles.set('key-reader', (client) => new KeyReader(scene, client).run())
  }
  if (hasMover) {
    roles.set('mover', (client) => {
      const mover = new Mover(scene, client)
      movers.push(mover)
      return mover.run()
    })
  }
  if (hasTransactions) {
    roles.set('transaction-topics', (client) => makeTransactionTopics(scene, client))
    for (const [name, transactionalId] of [
      ['j', 'till-1'],
      ['k', 'till-1'],
      ['l', 'till-2']
    ] as const) {
      roles.set(`till-${name}`, (client) => new TransactionalProducer(scene, client, name, transactionalId).run())
    }
    for (const name of ['m', 'n']) roles.set(`cashier-${name}`, (client) => new Transformer(scene, client, name).run())
    roles.set('committed-reader', (client) => new CommittedReader(scene, client).run())
  }
  if (hasShares) {
    roles.set('shelf-p', (client) => new ShareKeeper(scene, client, 'group and leader', 'as a client').run())
    roles.set('shelf-q', (client) => new ShareKeeper(scene, client, 'leader', 'as a broker').run())
  }
  if (hasSharers) {
    roles.set('buffet', (client) => makeSharedTopic(scene, client))
    roles.set('cook-r', (client) => new Producer(scene, client, 'r', -1, pickShared).run('idempotent'))
    for (const name of ['guest-s', 'guest-t', 'guest-u']) {
      const as = name === 'guest-u' ? 'the last one' : 'one of several'
      roles.set(name, (client) => new ShareMember(scene, client, name).run(as))
    }
  }
  return { roles, counts: () => ({ moved: 0, 'taken back': 0, elected: 0, throttled: 0, ...movers[0]?.counts }) }
}
