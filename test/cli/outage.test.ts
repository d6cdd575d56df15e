/** What a command that goes on says of a broker that does not answer, or of one that answers that it cannot. */
import assert from 'node:assert/strict'
import { mock, suite, test } from 'node:test'
import { parseAddress } from '../../src/cli/global-options.ts'
import { KnownBrokers } from '../../src/cli/known-brokers.ts'
import { Outage, patiently } from '../../src/cli/outage.ts'

const storageError = Object.assign(new Error('Disk error'), { apiId: 'KAFKA_STORAGE_ERROR', apiCode: 56 })
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })

const nodes = [1, 2, 3].map((nodeId) => ({ nodeId, host: 'localhost', port: 9091 + nodeId }))

/** What is said goes into `lines`; time passes by `pass`. */
function startOutage(brokers = new KnownBrokers(['localhost:9092'])) {
  const lines: string[] = []
  let nowMs = 0
  const outage = new Outage(
    brokers,
    (line) => lines.push(line),
    () => nowMs
  )
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { lines, outage, pass }
}

function outageOf(reason: unknown) {
  const { lines, outage, pass } = startOutage()
  outage.missed('records', reason)
  pass(3000)
  outage.missed('records', reason)
  const error = outage.toError()
  outage.answered('records')
  return { lines, error }
}

test('a disk that is full is not a broker that is gone: what helps is room', () => {
  const { lines, error } = outageOf(storageError)
  assert.deepEqual(lines, [
    'the broker at localhost:9092 cannot use its disk: KAFKA_STORAGE_ERROR (56): Disk error; waiting until it can (Ctrl-C ends)',
    'the broker can use its disk again after 3 s; going on'
  ])
  assert.match(error.next ?? '', /^make room on the broker's disk/)
})

test('a topic that is deleted is not a broker that is away', () => {
  const gone = Object.assign(new Error('a:0 cannot be read'), { apiId: 'UNKNOWN_TOPIC_ID', apiCode: 100 })
  assert.deepEqual(outageOf(gone).lines, [
    'the broker at localhost:9092 does not know the topic: UNKNOWN_TOPIC_ID (100): a:0 cannot be read; waiting until it does (Ctrl-C ends)',
    'the broker knows the topic again after 3 s; going on'
  ])
})

test('a broker that is gone is to be started again', () => {
  const { lines, error } = outageOf(refused)
  assert.match(lines[0] ?? '', /is gone: .*ECONNREFUSED.*; waiting until it is back/)
  assert.equal(lines[1], 'the broker is back after 3 s; going on')
  assert.match(error.next ?? '', /^start the broker again/)
})

test('a broker that hangs is told of while its answer is waited for, and was away since it was asked', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const { lines, outage, pass: passOnClock } = startOutage()
    const pass = (ms: number) => {
      passOnClock(ms)
      mock.timers.tick(ms)
    }
    let answer: (value: string) => void = () => {}
    let fail: (error: Error) => void = () => {}
    const first = outage.watch(
      'records',
      new Promise<string>((_, reject) => {
        fail = reject
      })
    )
    pass(7000)
    assert.deepEqual(lines, [])
    pass(3000)
    const gone =
      'the broker at localhost:9092 does not answer: it has not answered for a while; waiting until it is back'
    assert.deepEqual(lines, [`${gone} (Ctrl-C ends)`])
    pass(20_000)
    fail(refused)
    await assert.rejects(first)
    outage.missed('records', refused)
    const second = outage.watch(
      'records',
      new Promise<string>((resolve) => {
        answer = resolve
      })
    )
    pass(10_000)
    answer('here')
    assert.equal(await second, 'here')
    outage.answered('records')
    assert.deepEqual(lines.slice(1), ['the broker is back after 40 s; going on'])
  } finally {
    mock.timers.reset()
  }
})

test('one who misses answers is told of, however often another gets them', () => {
  const { lines, outage, pass } = startOutage()
  for (let round = 0; round < 10; round++) {
    outage.answered('a:0')
    outage.missed('a:1', storageError)
    pass(200)
  }
  assert.match(lines.join(), /cannot use its disk/)
  outage.answered('a:1')
  assert.match(lines[1] ?? '', /going on$/)
})

test('who gives up misses nothing, and the broker is not said to be back', () => {
  const { lines, outage, pass } = startOutage()
  outage.missed('a:1', refused)
  pass(3000)
  outage.missed('a:1', refused)
  outage.gaveUp('a:1')
  assert.equal(outage.lastsMs, 0)
  outage.answered('a:0')
  assert.equal(lines.length, 1)
})

test('what was missed, asked for again and had is no outage any more', async () => {
  const { outage, pass } = startOutage()
  let tries = 0
  const found = await patiently(outage, new AbortController().signal, async () => {
    if (++tries === 1) throw refused
    return 'found'
  })
  assert.equal(found, 'found')
  pass(5000)
  assert.equal(outage.lastsMs, 0)
})

test('whoever is asked to end waits no longer for an answer', async () => {
  const { outage } = startOutage()
  const interruption = new AbortController()
  const waiting = patiently(outage, interruption.signal, () => new Promise(() => {}))
  interruption.abort()
  assert.equal(await waiting, undefined)
})

test('whose time is over before an answer came is told what is known to be wrong, or else that the answer is missing', () => {
  const { outage } = startOutage()
  assert.match(outage.unanswered().message, /does not answer/)
  outage.missed('records', refused)
  assert.match(outage.unanswered().message, /is gone/)
})

suite('of one of several brokers that is gone', () => {
  const refusedAt = new Error('Connection to localhost:9092 failed.', { cause: refused })

  function startOutageOfOne() {
    const brokers = new KnownBrokers(['localhost:9092'])
    brokers.heardOf(nodes)
    const { lines, outage, pass } = startOutage(brokers)
    const missFor = (ms: number): void => {
      outage.missed('records', refusedAt)
      pass(ms)
      outage.missed('records', refusedAt)
    }
    brokers.missed(parseAddress('localhost:9092'))
    return { brokers, lines, outage, missFor }
  }
  const waiting =
    'the broker at localhost:9092 is gone: nothing listens there (ECONNREFUSED); waiting until it is back or another takes over (Ctrl-C ends)'

  test('one line is said, and none when the others went on', () => {
    const { lines, outage, missFor } = startOutageOfOne()
    missFor(500)
    assert.deepEqual(lines, [])
    missFor(3000)
    outage.answered('records')
    assert.deepEqual(lines, [waiting])
  })

  test('it is said when the others have gone as well, and when one answers again', () => {
    const { brokers, lines, outage, missFor } = startOutageOfOne()
    missFor(3000)
    for (const node of nodes) brokers.missed(node)
    missFor(4000)
    const none = 'none of the 3 brokers answers'
    assert.equal(outage.toError().message, none)
    for (const node of nodes) brokers.answered(node)
    outage.answered('records')
    assert.deepEqual(lines, [
      waiting,
      `${none}: nothing listens there (ECONNREFUSED); waiting until one does (Ctrl-C ends)`,
      'the cluster answers again after 4 s; going on'
    ])
  })
})
