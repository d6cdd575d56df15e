/** The life of a consumer group, with each client, of either protocol: share, leave, die, commit, resume. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { startTarget, target } from '../../harness/target.ts'
import { skipUnless } from '../../harness/tools.ts'
import { Member, type MemberKind, memberKinds } from './member.ts'
import { NumberedTopic, PARTITIONS } from './numbered-topic.ts'

const ALL = [0, 1, 2, 3]
const HALF = PARTITIONS / 2
const COMMIT_TIMEOUT_MS = 10_000
/** What members of the classic protocol say themselves. */
const ofConsumerGroups = {
  'group.consumer.min.session.timeout.ms': '6000',
  'group.consumer.session.timeout.ms': '6000',
  'group.consumer.min.heartbeat.interval.ms': '300',
  'group.consumer.heartbeat.interval.ms': '300'
}

describe('consumer groups', { skip: skipUnless(target()) }, () => {
  let broker: BrokerProcess

  before(async () => {
    broker = await startTarget({ configs: ofConsumerGroups })
  })

  after(async () => {
    await broker?.stop()
  })

  for (const kind of memberKinds) {
    const skip = skipUnless(kind.tool())
    test(`${kind.name}: members share, leave, die, commit and resume`, { skip }, async (context) => {
      const topic = await NumberedTopic.create(broker.bootstrap, `life-${memberKinds.indexOf(kind)}`)
      const members: Member[] = []
      try {
        await live(context, broker.bootstrap, kind, topic, members)
      } finally {
        for (const member of members) await member.kill()
        await topic.close()
      }
    })
  }
})

async function live(
  context: TestContext,
  bootstrap: string,
  kind: MemberKind,
  topic: NumberedTopic,
  members: Member[]
): Promise<void> {
  const group = `group-${topic.name}`
  const join = (): Member => {
    const member = new Member(kind, bootstrap, group, topic.name)
    members.push(member)
    return member
  }

  const beforeAnyone = await topic.write(40)
  const first = join()
  assert.deepEqual(sorted(await first.assigned(PARTITIONS)), ALL, 'alone, a member has everything')
  await first.hasRead(beforeAnyone)
  await topic.committedBy(group, COMMIT_TIMEOUT_MS)

  const second = join()
  await assertShared(first, second)
  const shared = await topic.write(40)
  await Promise.all([first.hasRead(ownedBy(first, shared)), second.hasRead(ownedBy(second, shared))])
  const read = [...first.values, ...second.values].map(Number)
  const counted = kind.delivery === 'once' ? read : [...new Set(read)]
  assert.deepEqual(sorted(counted), numbers(80), `each record came ${kind.delivery}`)

  await second.leave()
  assert.deepEqual(sorted(await first.assigned(PARTITIONS)), ALL, 'who stays takes over')
  await first.hasRead(await topic.write(40))

  const third = join()
  await assertShared(first, third)
  const killedAt = performance.now()
  await third.kill()
  await first.assigned(PARTITIONS)
  context.diagnostic(
    `a killed member was replaced after ${Math.round(performance.now() - killedAt)} ms (session 6000 ms)`
  )
  await first.hasRead(await topic.write(40))
  await topic.committedBy(group, COMMIT_TIMEOUT_MS)

  await first.leave()
  const afterwards = await topic.write(40)
  const fourth = join()
  await fourth.hasRead(afterwards)
  assert.deepEqual(sorted(fourth.values.map(Number)), afterwards.map(Number), 'reading goes on where it was committed')
  await fourth.leave()
}

async function assertShared(one: Member, other: Member): Promise<void> {
  await Promise.all([one.assigned(HALF), other.assigned(HALF)])
  assert.deepEqual(sorted([...one.partitions, ...other.partitions]), ALL, 'two members share the partitions')
}

function ownedBy(member: Member, values: readonly string[]): string[] {
  return values.filter((value) => member.partitions.includes(Number(value) % PARTITIONS))
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b)
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
