/** What a broker finds of a partition that was reassigned to others while it was away (Kafka: LogManager.isStrayReplica). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDirectory } from '../../src/inspection/check/check.ts'
import { areAllFilled, diskOf, partitionOf, reassign, three, withRecords, write } from './crash-setup.ts'
import { brokerOn, leaderOf, startOn, until } from './setup.ts'

const strays = (names: readonly string[]): readonly string[] => names.filter((name) => /^t1-0\..*-stray$/.test(name))

/** As the cluster saw its brokers, with the first of them away while its partition is moved; and what a start tells of it. */
async function movedAway() {
  const on = three()
  const told: string[] = []
  const [cluster] = await withRecords(on, {}, { log: (line) => told.push(line) })
  await cluster.stopBroker(1)
  await reassign(cluster, [2, 3])
  await until(on.clock, () => partitionOf(cluster).replicas.join() === '2,3', 'it is moved')
  return { on, cluster, told }
}

test('its directory is set aside, and told; odradek check says it before', async () => {
  const { on, cluster, told } = await movedAway()
  const { image } = cluster.controller
  const findings = [...checkDirectory(diskOf(on, 1), { nowMs: on.clock.nowMs(), image })].flatMap((step) =>
    step.kind === 'finding' && step.finding.path === 't1-0' ? [step.finding] : []
  )
  assert.deepEqual(
    findings.map(({ severity, what }) => [severity, what]),
    [['stray', 'Its partition was moved to other nodes (2, 3).']]
  )
  await cluster.startBroker(brokerOn(on, 1))
  assert.equal(diskOf(on, 1).exists('t1-0'), false)
  assert.equal(strays(diskOf(on, 1).list('')).length, 1)
  assert.match(
    told.join('\n'),
    /t1-0 was moved to other brokers \(2, 3\) while this one was away, and was set aside as t1-0\.\S+-stray\. It is not served\.$/
  )
  await cluster.stop()
})

test('given back, it is filled by the others, and nothing of what was there before is taken for it', async () => {
  const { on, cluster } = await movedAway()
  await write(leaderOf(cluster, 't1'), 'c')
  await cluster.startBroker(brokerOn(on, 1))
  await reassign(cluster, [1, 2, 3])
  await until(on.clock, () => partitionOf(cluster).inSyncReplicas.includes(1), 'it is in sync')
  await areAllFilled(on, cluster, 'abc')
  await cluster.stop()
  const after = await startOn(on)
  await areAllFilled(on, after, 'abc')
  await after.stop()
})

test('a removal of it that a crash had cut short is ended', async () => {
  const { on, cluster } = await movedAway()
  const disk = diskOf(on, 1)
  disk.rename('t1-0', 't1-0.0123456789abcdef0123456789abcdef-delete')
  await cluster.startBroker(brokerOn(on, 1))
  assert.deepEqual(
    disk.list('').filter((name) => name.startsWith('t1-')),
    []
  )
  await cluster.stop()
})

test('a directory that was given another name is told as what it says it is', async () => {
  const on = three()
  const [before] = await withRecords(on)
  await before.stop()
  diskOf(on, 1).rename('t1-0', 't9-3')
  const told: string[] = []
  const cluster = await startOn(on, {}, { log: (line) => told.push(line) })
  assert.match(
    told.join('\n'),
    /t9-3 says that it is of the topic t1, and is not named as one of its partitions, and was set aside/
  )
  await cluster.stop()
})
