/**
 * A member that ends before it is in its group leaves nothing behind. Apache Kafka reads a connection's next request only when it has
 * answered the last one, which here is a JoinGroup that waits.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { commandLineAt } from '../command-line.ts'

const waitMs = 60_000

suite('a member that waits for the others to join', { skip: skipUnless(kafkaJars('broker')) }, () => {
  test('is out of the group when Ctrl-C ends it', async () => {
    const configs = { 'group.initial.rebalance.delay.ms': '15000' }
    await using broker = await startRealKafka({ configs })
    const cli = commandLineAt(broker.bootstrap)
    const [topic, group] = [cli.unique('topic'), cli.unique('group')]
    await cli.text(['topics', 'create', topic, '-p', '1'])
    const membersOf = async () => {
      const { code, stdout } = await cli.run(['groups', 'describe', group])
      const members: unknown = code === 0 ? JSON.parse(stdout.toString()).members : []
      return Array.isArray(members) ? members.length : 0
    }
    const member = cli.start(['consume', topic, '-g', group])
    try {
      for (let waited = 0; (await membersOf()) === 0 && waited < waitMs; waited += 100) await pause(100)
      assert.equal(await membersOf(), 1)
      member.child.kill('SIGINT')
      assert.equal(await member.exited, 130)
      assert.equal(await membersOf(), 0)
    } finally {
      await member.kill()
    }
  })
})
