/** A browser that does not read what it is sent, or has vanished, costs the console no memory, and nobody else anything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { LiveRecords } from '../../src/console/wire.ts'
import { openCommandLine, unavailable } from '../cli/command-line.ts'
import { residentBytes } from '../harness/memory.ts'
import { OpenedConsole } from './opened-console.ts'

const browsers = 20
const mostGrowthBytes = 150 * 1024 * 1024

test('twenty browsers that read nothing, while 100 MB come', { skip: unavailable() }, async () => {
  await using cli = await openCommandLine()
  const topic = cli.unique('busy')
  await cli.text(['topics', 'create', topic, '-p', '1'])
  const opened = await OpenedConsole.of(cli)
  const sockets: Socket[] = []
  try {
    for (let index = 0; index < browsers; index++) {
      const socket = connect(Number(opened.url.port), opened.url.hostname)
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write(`GET /api/live/topics/${topic}/records HTTP/1.1\r\nHost: ${opened.url.host}\r\n\r\n`)
      await once(socket, 'readable')
      socket.pause()
    }
    const before = residentBytes(opened.process.pid)
    const line = `${'x'.repeat(1000)}\n`
    for (let round = 0; round < 10; round++) await cli.text(['produce', topic], line.repeat(10_000))
    await setTimeout(1000)
    const growthBytes = residentBytes(opened.process.pid) - before
    assert.ok(growthBytes < mostGrowthBytes, `${Math.round(growthBytes / 1e6)} MB more`)
    for await (const { records } of opened.events<LiveRecords>(`/api/live/topics/${topic}/records`)) {
      if (records.length > 0) break
      await cli.text(['produce', topic, 'seen'])
    }
  } finally {
    for (const socket of sockets) socket.destroy()
    await opened.close()
  }
})
