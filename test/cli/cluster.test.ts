/** The commands' way to a broker: what the client library does wrong is mended on it, and an answer that came late is no obstacle. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openCluster } from '../../src/cli/connect.ts'
import { ExitCode } from '../../src/cli/exit-codes.ts'
import { parseAddress } from '../../src/cli/global-options.ts'
import { kafkaFailure } from '../../src/cli/kafka-failure.ts'
import { KnownBrokers } from '../../src/cli/known-brokers.ts'
import { Outage } from '../../src/cli/outage.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { ApiKey } from '../../src/protocol/generated/api-keys.ts'
import { freePort } from '../harness/free-port.ts'
import { commandLineAt, openCommandLine, unavailable } from './command-line.ts'
import { movedLeader } from './moved-leader.ts'
import { quietOptions } from './quiet-options.ts'
import { slowProxy } from './slow-proxy.ts'

test('a cluster that a command opens reads an answer with tagged fields', async () => {
  const cluster = await openCluster(quietOptions('127.0.0.1:1'), 100)
  try {
    assert.throws(
      () => cluster.library.produceV11.parseResponse(0, 0, 11, movedLeader()),
      (error) => kafkaFailure(error)?.code === ErrorCode.NOT_LEADER_OR_FOLLOWER
    )
  } finally {
    await cluster.close()
  }
})

test('of several brokers the one that cannot be reached is named', async () => {
  const gone = `127.0.0.1:${await freePort()}`
  const brokers = [gone, '127.0.0.1:2']
  const cluster = await openCluster(quietOptions(gone), 1000)
  try {
    const error = await cluster.base.connections.get(parseAddress(gone)).catch((reason: unknown) => reason)
    const outage = new Outage(new KnownBrokers(brokers), () => {})
    outage.missed('records', error)
    assert.equal(outage.toError().message, `the broker at ${gone} is gone`)
    outage.missed('records', new AggregateError([error], 'Cannot connect to any broker.'))
    assert.equal(outage.toError().message, 'a broker of the cluster is gone')
  } finally {
    await cluster.close()
  }
})

suite('a broker that is slow, or goes', { skip: unavailable() }, () => {
  test('versions that came too late do not stay in the way of the next request', async () => {
    await using cli = await openCommandLine()
    let isFirst = true
    await using proxy = await slowProxy(cli.bootstrap, async (apiKey) => {
      if (apiKey === ApiKey.ApiVersions && isFirst) {
        isFirst = false
        await pause(600)
      }
      return 'pass'
    })
    const cluster = await openCluster(quietOptions(proxy.address), 300, 300)
    try {
      await assert.rejects(cluster.metadata([], 'leave'), cluster.library.TimeoutError)
      await pause(600)
      assert.equal((await cluster.metadata([], 'leave')).brokers.length, 1)
    } finally {
      await cluster.close()
    }
  })

  test('the first answer is waited for as any other, with a word within two seconds; --timeout says how long', async () => {
    await using cli = await openCommandLine()
    await using proxy = await slowProxy(cli.bootstrap, async (apiKey) => {
      if (apiKey === ApiKey.ApiVersions) await pause(3000)
      return 'pass'
    })
    const slow = commandLineAt(proxy.address)
    const waited = await slow.run(['topics', 'list'])
    assert.equal(waited.code, ExitCode.done, waited.stderr)
    assert.match(waited.stderr, new RegExp(`^${proxy.address} has not answered yet; waiting up to 5 s$`, 'm'))
    assert.equal((await slow.run(['topics', 'list', '--quiet'])).stderr, '')
    const { code, stderr } = await slow.run(['topics', 'list', '--timeout', '1s'])
    assert.equal(code, ExitCode.unreachable, stderr)
    await slow.text(['topics', 'list', '--timeout', '30s'])
  })

  test('Ctrl-C ends the wait for the first answer', async () => {
    await using cli = await openCommandLine()
    await using proxy = await slowProxy(cli.bootstrap, () => new Promise(() => {}))
    for (const words of [
      ['topics', 'list'],
      ['consume', 'orders'],
      ['produce', 'orders']
    ]) {
      const waiting = commandLineAt(proxy.address).start([...words, '--timeout', '60s'])
      while (!waiting.stderr.includes('has not answered yet')) await pause(50)
      waiting.child.kill('SIGINT')
      assert.equal(await waiting.exited, ExitCode.interrupted, waiting.stderr)
      assert.match(waiting.stderr, new RegExp(`^error: interrupted before ${proxy.address} answered$`, 'm'))
    }
  })

  test('a connection that is cut in the midst of a command is a broker that cannot be reached', async () => {
    await using cli = await openCommandLine()
    let asked = 0
    await using proxy = await slowProxy(cli.bootstrap, async (apiKey) =>
      apiKey === ApiKey.Metadata && ++asked > 1 ? 'cut' : 'pass'
    )
    const { code, stderr } = await commandLineAt(proxy.address).run(['topics', 'list'])
    assert.equal(code, ExitCode.unreachable, stderr)
    assert.match(
      stderr,
      /error: the broker went away, or does not answer\n {2}why: the connection was cut \(ECONNRESET\)\n/
    )
  })
})
