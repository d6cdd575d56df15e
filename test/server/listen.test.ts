/** Listening on localhost, which has two addresses: both on one port, or nowhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { ListenError, type Network } from '../../src/host/network.ts'
import { limits } from '../../src/limits.ts'
import { Server } from '../../src/server/server.ts'

/** A machine that gives out ports from 5000 on, and refuses ::1 as it is told. */
function machine(refusal: (port: number) => 'in-use' | 'failed' | null) {
  const open: string[] = []
  let free = 5000
  const network: Network = {
    async listen(host, wantedPort) {
      const port = wantedPort === 0 ? free++ : wantedPort
      const problem = host === '::1' ? refusal(port) : null
      if (problem !== null) throw new ListenError(problem, `no ${host}:${port}`)
      const name = `${host} ${port}`
      open.push(name)
      return { host, port, close: async () => void open.splice(open.indexOf(name), 1) }
    }
  }
  const listen = (port: number): Promise<Server> =>
    Server.listen({ network, clock: new ManualClock(), host: 'localhost', port, log: () => {} })
  return { open, listen }
}

test('any free port is one that is free on both addresses', async () => {
  const { open, listen } = machine((port) => (port < 5003 ? 'in-use' : null))
  const server = await listen(0)
  assert.equal(server.port, 5003)
  assert.deepEqual(open, ['127.0.0.1 5003', '::1 5003'])
  await server.stop()
  assert.deepEqual(open, [])
})

test('a port that another program has on one address is not taken on the other', async () => {
  const { open, listen } = machine(() => 'in-use')
  await assert.rejects(listen(9092), { name: 'ListenError', problem: 'in-use' })
  assert.deepEqual(open, [])
})

test('free ports are not looked for without end', async () => {
  let asked = 0
  const { open, listen } = machine(() => {
    asked += 1
    return 'in-use'
  })
  await assert.rejects(listen(0), { name: 'ListenError', problem: 'in-use' })
  assert.deepEqual([asked, open], [limits.freePortAttempts, []])
})

test('a machine without ::1 is served on 127.0.0.1', async () => {
  const { open, listen } = machine(() => 'failed')
  await listen(9092)
  assert.deepEqual(open, ['127.0.0.1 9092'])
})
