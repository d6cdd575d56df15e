/** A member locks the file of a partition while the partition is its own, and no longer. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockFile } from '../../withkafka/consume/file-lock.ts'
import { StoreProcessing } from '../../withkafka/consume/processing-store.ts'
import { temporaryDirectory } from '../harness/paths.ts'

const partition = { topic: 'a', partition: 0 }

test('a partition that was lost before its file was opened is not locked', async () => {
  using directory = temporaryDirectory('store')
  const processing = new StoreProcessing(directory.path)
  await assert.rejects(processing.position(partition, AbortSignal.abort()), { name: 'AbortError' })
  assert.deepEqual(readdirSync(directory.path), [])
})

test('a partition that is lost while its lock is waited for is not locked when the lock is free', async () => {
  using directory = temporaryDirectory('store')
  const processing = new StoreProcessing(directory.path)
  const unlock = lockFile(join(directory.path, 'a-0.jsonl.lock'))
  const cancel = new AbortController()
  const position = processing.position(partition, cancel.signal)
  cancel.abort()
  unlock?.()
  await assert.rejects(position, { name: 'AbortError' })
  assert.deepEqual(readdirSync(directory.path), [])
})

test('what is let go of in the moment in which it is locked is free', async () => {
  using directory = temporaryDirectory('store')
  const processing = new StoreProcessing(directory.path)
  const position = processing.position(partition, new AbortController().signal)
  processing.keepOnly([])
  await position
  assert.deepEqual(readdirSync(directory.path), ['a-0.jsonl'])
})
