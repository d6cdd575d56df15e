/** A topic that is compacted within a second, and how far it is. */
import kafkaJs from 'kafkajs'
import { committedIn } from '../committed.ts'

const { ConfigResourceTypes, Kafka, logLevel } = kafkaJs

const settings = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '100'
}

export async function compactSoon(bootstrap: string, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
    await admin.alterConfigs({ validateOnly: false, resources })
  } finally {
    await admin.disconnect()
  }
}

/** How many records have a newer one of their key; null when the brokers could not be read just now. */
export async function supersededIn(bootstrap: string, topic: string): Promise<number | null> {
  const records = await committedIn(bootstrap, topic).catch(() => null)
  return records === null ? null : records.length - new Set(records.map(({ key }) => key)).size
}
