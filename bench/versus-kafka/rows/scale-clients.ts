/** How memory and single requests grow with connections, with groups, and with the members of one group. */
import type { BrokerProcess } from '../../../test/harness/broker-process.ts'
import { residentBytes } from '../../../test/harness/memory.ts'
import { list, text } from '../../../test/harness/wire.ts'
import { overConnection, RawPipeline } from '../../raw-client/connection.ts'
import { takeIn, untilTogether } from '../../raw-client/group.ts'
import { findCoordinator, GroupMember } from '../../raw-client/group-member.ts'
import { medianMs } from '../../raw-client/probes.ts'
import { createTopics } from '../../raw-client/topics.ts'
import { at, type Figure, type Row, type Sample, type Settings, type Station } from '../row.ts'
import { onOneBroker, survivor } from '../stations.ts'

const SETTLE_MS = 1000
const AT_ONCE = 100

const resident: Figure = { key: 'resident', what: 'resident memory', unit: 'MB', better: 'less' }

async function settledMegabytes(broker: BrokerProcess): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  return residentBytes(broker.pid) / 1e6
}

function put(into: Record<string, number>, count: number, sample: Sample): void {
  for (const [key, value] of Object.entries(sample)) into[at(key, count)] = value
}

/** Does something `count` times, a hundred at once. */
async function inBursts<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const done: T[] = []
  while (done.length < count) {
    const burst = Math.min(AT_ONCE, count - done.length)
    done.push(...(await Promise.all(Array.from({ length: burst }, (_, index) => work(done.length + index)))))
  }
  return done
}

export const scaleConnections: Row = {
  name: 'scale-connections',
  family: 'scale',
  what: 'open connections that have said who they are',
  contenders: ['odradek'],
  along: 'connections',
  figures: [
    resident,
    { key: 'connect', what: 'connecting and the first answer, each', unit: 'µs', better: 'less' },
    { key: 'metadata', what: 'Metadata of one topic over one of them', unit: 'µs', better: 'less' }
  ],
  rounds: () => 1,
  open: (contender, { size }) =>
    onOneBroker(contender, {
      async measure(broker) {
        const sample: Record<string, number> = {}
        const open: RawPipeline[] = []
        await overConnection(broker.bootstrap, (connection) =>
          createTopics(connection, [{ name: 'one', partitions: 1 }])
        )
        for (const count of size === 'full' ? [1000, 2500, 5000, 10_000] : [20, 50]) {
          const startedAt = performance.now()
          const more = count - open.length
          open.push(...(await inBursts(more, () => connectAndAsk(broker.bootstrap))))
          const connect = ((performance.now() - startedAt) / more) * 1000
          const metadata = 1000 * (await medianMs(500, () => ask(open, list([text('one')]))))
          put(sample, count, { resident: await settledMegabytes(broker), connect, metadata })
        }
        for (const connection of open) connection.close()
        return sample
      }
    })
}

async function connectAndAsk(address: string): Promise<RawPipeline> {
  const connection = await RawPipeline.open(address)
  await connection.ask(18, 0, Buffer.alloc(0))
  return connection
}

async function ask([connection]: readonly RawPipeline[], topics: Buffer): Promise<void> {
  await connection?.ask(3, 1, topics)
}

export const scaleGroups: Row = {
  name: 'scale-groups',
  family: 'scale',
  what: 'groups of one member that has committed an offset',
  contenders: ['odradek'],
  along: 'groups',
  figures: [
    resident,
    { key: 'settle', what: 'join, sync and commit, each group', unit: 'µs', better: 'less' },
    { key: 'list', what: 'ListGroups', unit: 'ms', better: 'less' },
    { key: 'heartbeat', what: 'a heartbeat', unit: 'µs', better: 'less' },
    { key: 'killed', what: 'start after kill -9 until all groups are listed', unit: 'ms', better: 'less' }
  ],
  rounds: () => 1,
  async open(contender, settings) {
    return {
      round: () => measureGroups(contender, settings),
      async [Symbol.asyncDispose]() {}
    }
  }
}

async function measureGroups(contender: Parameters<Row['open']>[0], { size }: Settings): Promise<Sample> {
  const sample: Record<string, number> = {}
  await using home = survivor(contender)
  let broker = await home.start()
  let groups = 0
  for (const count of size === 'full' ? [500, 1000, 2500, 5000] : [10, 20]) {
    const { bootstrap } = broker
    const connections = await inBursts(20, () => RawPipeline.open(bootstrap))
    const [first] = connections
    if (first === undefined) break
    await createTopics(first, [{ name: 'one', partitions: 1 }])
    await findCoordinator(first, 'group')
    const startedAt = performance.now()
    const members = await inBursts(count - groups, async (index) => {
      const connection = connections[index % connections.length] ?? first
      const member = new GroupMember(connection, `group-${groups + index}`)
      await member.settle()
      await member.commit('one', 0, index)
      return member
    })
    const settle = ((performance.now() - startedAt) / members.length) * 1000
    groups = count
    const list = await medianMs(20, () => listedGroups(first))
    const heartbeat =
      1000 *
      (await medianMs(
        500,
        (index) => members[index % members.length]?.mustRejoin() ?? first.ask(18, 0, Buffer.alloc(0))
      ))
    put(sample, count, { resident: await settledMegabytes(broker), settle, list, heartbeat })
    for (const connection of connections) connection.close()
    await home.kill()
    const killedAt = performance.now()
    broker = await home.start()
    await overConnection(broker.bootstrap, async (connection) => {
      while ((await listedGroups(connection)) < count) await new Promise((resolve) => setTimeout(resolve, 1))
    })
    put(sample, count, { killed: performance.now() - killedAt })
  }
  return sample
}

/** ListGroups, version 1: how many there are. */
async function listedGroups(connection: RawPipeline): Promise<number> {
  const answer = await connection.ask(16, 1, Buffer.alloc(0))
  answer.int32()
  answer.int16()
  return answer.list(() => [answer.text(), answer.text()]).length
}

export const scaleMembers: Row = {
  name: 'scale-members',
  family: 'scale',
  what: 'members of one group, each on a connection of its own',
  contenders: ['odradek'],
  along: 'members',
  figures: [
    { key: 'rebalance', what: 'one more joins, until all have their part', unit: 'ms', better: 'less' },
    { key: 'each', what: 'the same for each member', unit: 'µs', better: 'less' },
    { key: 'heartbeat', what: 'a heartbeat', unit: 'µs', better: 'less' },
    resident
  ],
  rounds: () => 1,
  open: (contender, { size }): Promise<Station> =>
    onOneBroker(contender, {
      prepare: ({ bootstrap }) => overConnection(bootstrap, (connection) => findCoordinator(connection, 'large')),
      async measure(broker) {
        const sample: Record<string, number> = {}
        const members: GroupMember[] = []
        const connect = () => GroupMember.connect(broker.bootstrap, 'large')
        for (const count of size === 'full' ? [100, 250, 500, 1000] : [3, 6]) {
          const repeats = 3
          const newcomers = await inBursts(Math.max(0, count - repeats - members.length), connect)
          members.push(...newcomers)
          await untilTogether(members, Math.max(2, count / 20))
          const took: number[] = []
          for (let repeat = 0; repeat < repeats; repeat++) {
            const newcomer = await connect()
            const startedAt = performance.now()
            await takeIn(members, newcomer)
            took.push(performance.now() - startedAt)
            members.push(newcomer)
          }
          const rebalance = took.sort((one, other) => one - other)[1] ?? Number.NaN
          const [first] = members
          const heartbeat = 1000 * (await medianMs(500, async () => await first?.mustRejoin()))
          const each = (rebalance / count) * 1000
          put(sample, count, { rebalance, each, heartbeat, resident: await settledMegabytes(broker) })
        }
        for (const member of members) member.close()
        return sample
      }
    })
}
