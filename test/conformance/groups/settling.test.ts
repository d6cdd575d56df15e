/** Real Java consumers of one group that come at once, by their own defaults: how long until each has its partition, by `group.protocol=consumer`. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runToSuccess } from '../../harness/child-process.ts'
import { projectDirectory } from '../../harness/paths.ts'
import { quickJava } from '../../harness/quick-java.ts'
import { startTarget, target, targetName } from '../../harness/target.ts'
import { classPath, kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Session } from '../differential/session.ts'

const program = join(projectDirectory, 'bench', 'java', 'LargeGroup.java')
const members = 5
/** Whoever has to wait for one is not there sooner. */
const heartbeatMs = 5000
/** It takes two seconds, of which one is the least between two targets; the machine may be busy, in some of the rounds. */
const rounds = 5

test(
  'a group settles without waiting for heartbeats of 5 s',
  { skip: skipUnless(target(), kafkaJars('tools')) },
  async (context) => {
    const broker = await startTarget()
    const session = new Session(broker.bootstrap)
    const tookMs: number[] = []
    try {
      for (let round = 0; round < rounds && !tookMs.some((ms) => ms < heartbeatMs); round += 1) {
        const name = `together-${round}`
        const topics = [{ name, numPartitions: members, replicationFactor: 1, assignments: [], configs: [] }]
        await session.ask(19, 7, { topics, timeoutMs: 10_000, validateOnly: false })
        const java = ['-Xmx256m', ...quickJava('tools'), '-cp', classPath('tools'), program]
        const args = [...java, broker.bootstrap, name, 'consumer', String(members)]
        tookMs.push(Number(await runToSuccess('java', args, { timeoutMs: 120_000 })))
        context.diagnostic(`${members} members have their partitions after ${tookMs.at(-1)} ms`)
      }
    } finally {
      session.close()
      await broker.stop()
    }
    // Kafka's members do wait for them.
    if (targetName === 'odradek') assert.ok(Math.min(...tookMs) < heartbeatMs, tookMs.join())
  }
)
