/** Each configuration of a topic that is taken has an effect that a test shows, or is refused, or says in docs/differences.md that it has none. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { topicConfigDefinitions } from '../../../src/coordination/config/topic-config-definitions.ts'
import { projectDirectory } from '../../harness/paths.ts'

const differences = 'docs/differences.md'
/** Without records in remote storage they mean nothing to Apache Kafka, either. */
const remote = 'test/coordination/metadata/configs.test.ts'
const logs = 'test/coordination/config/broker-config.test.ts'

/** Where its effect is shown. */
const shown: Readonly<Record<string, string>> = {
  'cleanup.policy': 'test/broker/log-cleaner.test.ts',
  'compression.gzip.level': logs,
  'compression.lz4.level': differences,
  'compression.type': 'test/conformance/admission/admission.test.ts',
  'compression.zstd.level': logs,
  'delete.retention.ms': 'test/broker/log-cleaner.test.ts',
  'errors.deadletterqueue.group.enable': 'test/broker/apis/dead-letters.test.ts',
  'file.delete.delay.ms': 'test/log/retention.test.ts',
  'flush.messages': 'test/log/flush.test.ts',
  'flush.ms': 'test/log/flush.test.ts',
  'follower.replication.throttled.replicas': 'test/cluster/apis-throttle.test.ts',
  'index.interval.bytes': 'test/log/segments.test.ts',
  'leader.replication.throttled.replicas': 'test/cluster/apis-throttle.test.ts',
  'local.retention.bytes': remote,
  'local.retention.ms': remote,
  'max.compaction.lag.ms': 'test/log/compaction/dirt.test.ts',
  'max.decompressed.message.bytes': differences,
  'max.message.bytes': 'test/broker/apis/configs.test.ts',
  'message.timestamp.after.max.ms': 'test/conformance/admission/admission.test.ts',
  'message.timestamp.before.max.ms': 'test/conformance/admission/admission.test.ts',
  'message.timestamp.type': 'test/broker/apis/produce.test.ts',
  'min.cleanable.dirty.ratio': 'test/broker/log-cleaner.test.ts',
  'min.compaction.lag.ms': 'test/broker/log-cleaner.test.ts',
  'min.insync.replicas': 'test/cluster/apis-produce.test.ts',
  preallocate: differences,
  'remote.copy.lag.bytes': remote,
  'remote.copy.lag.ms': remote,
  'remote.log.copy.disable': remote,
  'remote.log.delete.on.disable': remote,
  'remote.storage.enable': remote,
  'retention.bytes': 'test/log/retention.test.ts',
  'retention.ms': 'test/broker/housekeeping.test.ts',
  'segment.bytes': 'test/broker/housekeeping.test.ts',
  'segment.index.bytes': 'test/log/flush.test.ts',
  'segment.jitter.ms': 'test/log/flush.test.ts',
  'segment.ms': 'test/log/flush.test.ts',
  'unclean.leader.election.enable': 'test/controller/elect-leaders.test.ts'
}

/** As logs and brokers call it: `segment.bytes` is segmentBytes. */
const inCode = (name: string): string => name.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase())

test('each configuration of a topic is shown to have an effect, or told to have none', () => {
  assert.deepEqual(Object.keys(shown).sort(), Object.keys(topicConfigDefinitions).sort())
  for (const [name, path] of Object.entries(shown)) {
    const text = readFileSync(join(projectDirectory, path), 'utf8')
    const isOfRemote = path === remote && /^(remote|local)\./.test(name)
    const words = isOfRemote
      ? ['remote.storage.enable']
      : [name, inCode(name), name.replace(/^(leader|follower)/, '$${side}')]
    assert.ok(
      words.some((word) => text.includes(word)),
      `${path} says nothing of ${name}`
    )
  }
})
