/** `odradek transactions`: what it tells of transactions, and how it ends one; on ours and on a real Apache Kafka. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { fieldOf, Session } from '../conformance/differential/session.ts'
import { createTopic, TransactionalProducer } from '../conformance/transactions/producer.ts'
import { Api } from '../conformance/transactions/steps.ts'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

suite('transactions', { skip: unavailable() }, () => {
  let cli: CommandLine
  let session: Session
  before(async () => {
    cli = await openCommandLine()
    session = new Session(cli.bootstrap)
    await createTopic(session, 'orders', 2)
  })
  after(async () => {
    session?.close()
    await cli?.[Symbol.asyncDispose]()
  })

  test('list tells transactional ids with their states, by pattern, state, producer and how long each is open', async () => {
    const open = await TransactionalProducer.begin(session, 'listed-open')
    await open.write('orders', 0, 'first')
    const ended = await TransactionalProducer.begin(session, 'listed-ended')
    await ended.write('orders', 0, 'second')
    await ended.end('commit')
    await until(async () => (await stateOf('listed-ended')) === 'CompleteCommit')
    const ids = async (...options: string[]) =>
      (await cli.rows(['transactions', 'list', 'listed-*', ...options])).map((row) => row.transactionalId)
    const [row] = await cli.rows(['transactions', 'ls', 'listed-o*'])
    assert.deepEqual(row, {
      ...{ transactionalId: 'listed-open', state: 'Ongoing', producerId: open.producerId, coordinator: 1 }
    })
    assert.deepEqual(await ids(), ['listed-ended', 'listed-open'])
    assert.deepEqual(await ids('--state', 'ongoing'), ['listed-open'])
    assert.deepEqual(await ids('--state', 'CompleteCommit', '--state', 'empty'), ['listed-ended'])
    assert.deepEqual(await ids('--producer-id', String(ended.producerId)), ['listed-ended'])
    assert.deepEqual(await ids('--longer-than', '0s'), ['listed-open'])
    assert.deepEqual(await ids('--duration-filter', '1h'), [])
    await open.end('abort')
  })

  test('list refuses a state that Kafka does not have, and names the one that was meant', async () => {
    const { code, stderr } = await cli.run(['transactions', 'list', '--state', 'ongoin'])
    assert.equal(code, 2)
    assert.match(stderr, /did you mean Ongoing\?/)
  })

  test('describe tells the producer, since when it is open, and the partitions that wait for its end', async () => {
    const before = Date.now()
    const producer = await TransactionalProducer.begin(session, 'described')
    for (const partition of [1, 0]) await producer.write('orders', partition, 'a value')
    const [row = {}] = await cli.rows(['transactions', 'describe', 'described'])
    const { since, openMs, ...rest } = row
    assert.deepEqual(rest, {
      ...{ transactionalId: 'described', state: 'Ongoing', producerId: producer.producerId },
      ...{ epoch: producer.producerEpoch, timeoutMs: 600_000, coordinator: 1, partitions: ['orders:0', 'orders:1'] }
    })
    assert.ok(Date.parse(String(since)) >= before - 1000 && Number(openMs) < Date.now() - before + 1000)
    await producer.end('commit')
    await until(async () => (await stateOf('described')) === 'CompleteCommit')
    const ended = JSON.parse(
      await cli.text(['transactions', 'describe', '--transactional-id', 'described', '-o', 'json'])
    )
    assert.deepEqual([ended.state, ended.openMs, ended.partitions], ['CompleteCommit', null, []])
  })

  test('who is not known is told as not found', async () => {
    const { code, stderr } = await cli.run(['transactions', 'describe', 'nobody'])
    assert.equal(code, 5)
    assert.match(stderr, /there is no transactional id "nobody"[\s\S]*TRANSACTIONAL_ID_NOT_FOUND \(105\)/)
    assert.equal((await cli.run(['transactions', 'describe', 'no-one-*'])).code, 5)
  })

  test('abort ends the transaction of an id in all its partitions, and fences its producer', async () => {
    const topic = cli.unique('left-open')
    await createTopic(session, topic, 2)
    const producer = await TransactionalProducer.begin(session, 'left')
    for (const partition of [0, 1]) await producer.write(topic, partition, 'never read')
    const unsure = await cli.run(['transactions', 'abort', 'left'])
    assert.equal(unsure.code, 2)
    assert.match(unsure.stderr, /this would abort the transaction of left in 2 partitions/)
    const { code, stderr } = await cli.run(['transactions', 'abort', 'left', '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(stderr, /aborted the transaction of left in 2 partitions; its producer is fenced/)
    assert.equal(await cli.text(['consume', topic, '-e', '--isolation', 'committed']), '')
    assert.equal((await cli.rows(['consume', topic, '-e', '--isolation', 'uncommitted'])).length, 2)
    const { producerId, producerEpoch } = producer
    const commit = { transactionalId: 'left', producerId, producerEpoch, committed: true }
    assert.equal(fieldOf(await session.ask(Api.EndTxn, 5, commit), 'errorCode'), ErrorCode.PRODUCER_FENCED)
    const again = await cli.run(['transactions', 'abort', 'left', '--yes'])
    assert.equal(again.code, 1)
    assert.match(again.stderr, /"left" has no transaction open/)
  })

  test('who stops at the end of what is committed is told what is held back, and whose transaction holds it', async () => {
    const topic = cli.unique('held-back')
    await createTopic(session, topic, 1)
    const producer = await TransactionalProducer.begin(session, 'holder')
    const told = async (...options: string[]) => {
      const { code, stderr, stdout } = await cli.run(['consume', topic, '-e', '--isolation', 'committed', ...options])
      assert.equal(code, 0, stderr)
      return { stderr, rows: stdout.toString().split('\n').length - 1 }
    }
    assert.match((await told()).stderr, /^nothing to read: no records are there$/m)
    for (const value of ['first', 'second']) await producer.write(topic, 0, value)
    const held = new RegExp(
      `${topic}:0 holds 0 to 1, held back by an open transaction, of holder;.* transactions describe holder`
    )
    for (const options of [[], ['--tail', '5'], ['--from', '0:2'], ['-g', cli.unique('group')]]) {
      const { stderr, rows } = await told(...options)
      assert.match(stderr, held, options.join(' '))
      assert.match(stderr, /^nothing to read yet: /m)
      assert.equal(rows, 0)
    }
    assert.doesNotMatch((await told('--isolation', 'uncommitted')).stderr, /held back/)
    await producer.end('commit')
    await until(async () => (await stateOf('holder')) === 'CompleteCommit')
    const again = await TransactionalProducer.begin(session, 'holder')
    await again.write(topic, 0, 'third')
    const part = await told()
    assert.match(part.stderr, new RegExp(`^${topic}:0 holds 3 to 3, held back by an open transaction, of holder`, 'm'))
    assert.equal(part.rows, 2)
    assert.doesNotMatch((await told('--from', '0:2')).stderr, /held back/, 'what ends before it lacks nothing')
    const following = await cli.run(['consume', topic, '--isolation', 'committed', '--timeout', '4s'])
    assert.match(following.stderr, /at the end of what is committed .* open transaction that holds back 1 offset \(/)
    await again.end('abort')
  })

  test('a transaction that its coordinator knows is not aborted in one partition only', async () => {
    const topic = cli.unique('known')
    await createTopic(session, topic, 1)
    const producer = await TransactionalProducer.begin(session, 'known')
    await producer.write(topic, 0, 'to be committed')
    const place = ['--topic', topic, '-P', '0', '--start-offset']
    const refused = await cli.run(['transactions', 'abort', ...place, '0', '--yes'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /does not hang[\s\S]*odradek transactions abort known/)
    const elsewhere = await cli.run(['transactions', 'abort', ...place, '7', '--yes'])
    assert.equal(elsewhere.code, 5)
    assert.match(elsewhere.stderr, /those that are open there begin at 0/)
    await producer.end('commit')
    assert.equal((await cli.rows(['consume', topic, '-e', '--isolation', 'committed'])).length, 1)
  })

  test('abort without an id or a whole place says what is missing', async () => {
    assert.match((await cli.run(['transactions', 'abort'])).stderr, /which transaction\?/)
    const { code, stderr } = await cli.run(['transactions', 'abort', '-t', 'orders'])
    assert.equal(code, 2)
    assert.match(stderr, /--partition and --start-offset are missing/)
  })

  test('find-hanging finds what no coordinator knows of, and that only; its line ends it', async () => {
    const topic = cli.unique('hanging')
    await createTopic(session, topic, 1)
    const lost = await TransactionalProducer.begin(session, 'lost')
    await lost.write(topic, 0, 'its coordinator forgets it')
    await cli.text(['topics', 'delete', '__transaction_state', '--yes'])
    const known = await TransactionalProducer.begin(session, 'remembered')
    await known.write('orders', 0, 'its coordinator knows it')
    const young = await cli.run(['transactions', 'find-hanging'])
    assert.deepEqual([young.code, young.stdout.toString()], [0, ''], young.stderr)
    assert.match(young.stderr, /nothing hangs in \d+ partitions/)
    const found = await cli.run(['transactions', 'find-hanging', '--longer-than', '0s'])
    const [row, ...others] = found.stdout.toString().trimEnd().split('\n')
    assert.equal(others.length, 0, found.stdout.toString())
    const { topic: where, partition, startOffset, producerId } = JSON.parse(row ?? '')
    assert.deepEqual(
      { where, partition, startOffset, producerId },
      {
        ...{ where: topic, partition: 0, startOffset: 0, producerId: lost.producerId }
      }
    )
    const [, line = ''] = /to end it: (?:npx )?odradek (.*)/.exec(found.stderr) ?? []
    await cli.text([...line.split(' '), '--yes'])
    assert.equal(await cli.text(['transactions', 'find-hanging', topic, '--longer-than', '0s']), '')
    assert.equal(await cli.text(['consume', topic, '-e', '--isolation', 'committed']), '')
    await known.end('abort')
  })

  test('a shell completes transactional ids and states', async () => {
    await TransactionalProducer.begin(session, 'completed-id')
    const words = async (...typed: string[]) =>
      (await cli.text(['completion-words', '--', 'transactions', ...typed])).trim().split('\n')
    assert.deepEqual(await words('describe', 'completed-'), ['completed-id'])
    assert.deepEqual(await words('list', '--state', 'On'), ['Ongoing'])
    assert.deepEqual(await words('find'), ['find-hanging'])
  })

  async function stateOf(transactionalId: string): Promise<unknown> {
    return (await cli.rows(['transactions', 'describe', transactionalId]))[0]?.state
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let left = 50; !(await holds()); left -= 1) assert.ok(left > 0, 'it never holds')
  }
})
