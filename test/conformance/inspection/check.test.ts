/** `odradek check` on what Apache Kafka has written: it is healthy, and what is damaged in it is found. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReadOnlyDisk } from '../../../src/host/node/read-only-disk.ts'
import { checkDirectory } from '../../../src/inspection/check/check.ts'
import type { Finding } from '../../../src/inspection/check/finding.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Client } from '../handover/orders/client.ts'
import { fillByKafka } from './kafka-directory.ts'

const skip = skipUnless(kafkaJars('broker'))

function findingsIn(directory: string): Finding[] {
  const findings: Finding[] = []
  for (const step of checkDirectory(new ReadOnlyDisk(directory), { nowMs: Date.now() }))
    if (step.kind === 'finding') findings.push(step.finding)
  return findings
}

test('a directory of Apache Kafka', { skip }, async (context) => {
  using data = temporaryDirectory('check')
  await fillByKafka(data.path)

  await context.test('is healthy after a clean stop', () => {
    assert.deepEqual(findingsIn(data.path), [])
  })

  const names = readdirSync(join(data.path, 'orders-0')).filter((name) =>
    /\.(log|index|timeindex|txnindex|snapshot)$/.test(name)
  )
  assert.ok(names.length >= 5)
  for (const name of names) {
    const path = join(data.path, 'orders-0', name)
    const bytes = readFileSync(path)
    if (bytes.length === 0) continue
    await context.test(`a bit that is flipped in ${name} is found, wherever it is`, () => {
      const step = Math.max(1, Math.floor(bytes.length / 60))
      for (let at = 0; at < bytes.length; at += step) {
        const flipped = Buffer.from(bytes)
        flipped[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
        writeFileSync(path, flipped)
        const findings = findingsIn(data.path)
        assert.ok(
          findings.some((finding) => finding.path === `orders-0/${name}`),
          `byte ${at} of ${bytes.length}: ${JSON.stringify(findings)}`
        )
      }
      writeFileSync(path, bytes)
    })
  }

  await context.test('is healthy after a kill, but for what the next start makes anew', async () => {
    const kafka = await startRealKafka({ dataDirectory: data.path })
    const client = await Client.open(kafka.bootstrap)
    for (let index = 0; index < 5; index += 1) await client.produce('orders', 1, [{ key: null, value: `${index}` }])
    client.close()
    await kafka.kill()
    assert.deepEqual(
      findingsIn(data.path).filter(({ severity }) => severity !== 'remade'),
      []
    )
  })

  await context.test('looking at it has changed nothing', () => {
    const times = () =>
      readdirSync(data.path, { recursive: true, encoding: 'utf8' }).map((name) => [
        name,
        statSync(join(data.path, name)).mtimeMs
      ])
    const before = times()
    findingsIn(data.path)
    assert.deepEqual(times(), before)
  })
})
