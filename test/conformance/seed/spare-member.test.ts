/** A member of a group that has more members than partitions: it waits, and is there when it is needed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LineProcess } from '../../harness/child-process.ts'
import { createByAsking } from '../../harness/raw-requests.ts'
import { RawConnection } from '../../harness/wire.ts'
import { brokerKinds, produce, startProgram } from '../../withkafka/programs.ts'
import { until } from './until.ts'

for (const kind of brokerKinds)
  test(
    `with ${kind.name} a member without a partition waits, and takes over when the other one goes`,
    { skip: kind.skip },
    async () => {
      await using broker = await kind.start({ configs: { 'num.partitions': '1' } })
      // The programs would make it with three.
      const connection = await RawConnection.open(broker.bootstrap)
      await createByAsking(connection, 'test_topic')
      connection.close()
      await produce(broker, ['first'])
      const start = () => startProgram('withkafka/kafkacons.ts', ['--bootstrap-server', broker.bootstrap])
      const told = (member: LineProcess, what: RegExp) =>
        until(() => what.test(member.stderr), `${what} in what is told: ${member.stderr}`)
      const busy = start()
      await busy.until((lines) => lines[0], 'the first message', 60_000)
      const spare = start()
      try {
        await told(spare, /no partition for this member; waiting|reading test_topic-0/)
        const [owner, waiting] = /no partition/.test(spare.stderr) ? [busy, spare] : [spare, busy]
        await told(waiting, /no partition for this member; waiting/)
        owner.child.kill('SIGINT')
        assert.equal(await owner.exited, 130)
        await told(waiting, /no partition[\s\S]*reading test_topic-0/)
        await produce(broker, ['second'])
        const line = await waiting.until(
          (lines) => lines.find((one) => one.includes('second')),
          'the second message',
          60_000
        )
        assert.equal(JSON.parse(line).value, 'second')
      } finally {
        await busy.kill()
        await spare.kill()
      }
    }
  )
