/** What the console's page asks for, on ours and (`--target kafka`) on a real Apache Kafka. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type {
  ClusterView,
  FindingView,
  GroupsView,
  GroupView,
  LiveRecords,
  ProblemView,
  ProducedView,
  RecordsView,
  RecordView,
  SettingView,
  TopicsView,
  TopicView
} from '../../src/console/wire.ts'
import { type CommandLine, openCommandLine, unavailable } from '../cli/command-line.ts'
import { OpenedConsole } from './opened-console.ts'

suite('the console', { skip: unavailable() }, () => {
  let cli: CommandLine
  let opened: OpenedConsole
  before(async () => {
    cli = await openCommandLine()
    opened = await OpenedConsole.of(cli)
  })
  after(async () => {
    await opened?.close()
    await cli?.[Symbol.asyncDispose]()
  })

  async function topicWith(values: readonly string[], partitions = 1): Promise<string> {
    const topic = cli.unique('shown')
    await cli.text(['topics', 'create', topic, '-p', String(partitions)])
    for (const [index, value] of values.entries())
      await cli.text(['produce', topic, value, '-P', String(index % partitions)])
    return topic
  }

  test('it tells of the brokers, and of a topic with its partitions and settings', async () => {
    const topic = await topicWith(['a', 'b', 'c'], 2)
    const cluster = await opened.json<ClusterView>('/api/cluster')
    assert.equal(cluster.bootstrap, cli.bootstrap)
    assert.equal(cluster.brokers.length, 1)
    const { topics } = await opened.first<TopicsView>('/api/live/topics')
    const line = topics.find(({ name }) => name === topic)
    assert.deepEqual(line, {
      name: topic,
      isInternal: false,
      partitions: 2,
      replicas: 1,
      start: 0,
      end: 3,
      unreadable: 0
    })
    const view = await opened.first<TopicView>(`/api/live/topics/${topic}`)
    assert.deepEqual(
      view.partitions.map(({ partition, start, end, trouble }) => [partition, start, end, trouble]),
      [
        [0, 0, 2, null],
        [1, 0, 1, null]
      ]
    )
    const settings = await opened.json<SettingView[]>(`/api/topics/${topic}/settings`)
    assert.ok(settings.some(({ name, source }) => name === 'retention.ms' && source === 'default'))
  })

  test('page by page each record is shown once, newest first', async () => {
    const values = Array.from({ length: 25 }, (_, index) => `value ${index}`)
    const topic = await topicWith([], 3)
    await cli.text(['produce', topic], values.map((value) => `${value}\n`).join(''))
    const shown: RecordView[] = []
    let before: string | null = null
    do {
      const query: string = before === null ? '' : `&before=${encodeURIComponent(before)}`
      const page: RecordsView = await opened.json<RecordsView>(`/api/topics/${topic}/records?count=7${query}`)
      assert.ok(page.records.length <= 7)
      shown.push(...page.records)
      before = page.before
    } while (before !== null)
    assert.deepEqual(shown.map(({ value }) => value?.text).sort(), [...values].sort())
    for (const partition of [0, 1, 2]) {
      const offsets = shown.filter((one) => one.partition === partition).map(({ offset }) => offset)
      assert.deepEqual(
        offsets,
        [...offsets].sort((one, other) => other - one)
      )
    }
  })

  test('a record that is written is told with its place, and is there in full', async () => {
    const topic = await topicWith([])
    const record = { key: 'order 1', value: '{"dish":"soup"}', headers: [['trace', '42']] }
    const produced = await opened.json<ProducedView>(`/api/topics/${topic}/records`, { method: 'POST', body: record })
    assert.deepEqual(produced, { partition: 0, offset: 0 })
    const shown = await opened.json<RecordView>(`/api/topics/${topic}/records/0/0`)
    assert.deepEqual([shown.key?.text, shown.value?.text], ['order 1', '{"dish":"soup"}'])
    assert.deepEqual(
      shown.headers.map(([name, value]) => [name, value?.text]),
      [['trace', '42']]
    )
    await opened.json(`/api/topics/${topic}/records`, { method: 'POST', body: { key: 'order 1', value: null } })
    assert.equal((await opened.json<RecordView>(`/api/topics/${topic}/records/0/1`)).value, null)
    assert.equal((await opened.ask(`/api/topics/${topic}/records/0/7`)).status, 404)
  })

  test('bytes that are no text are shown as digits, and long ones are cut', async () => {
    const topic = await topicWith([])
    await cli.text(['produce', topic, '-i', 'hex', '00ff80'])
    await cli.text(['produce', topic, 'é'.repeat(5000)])
    const { records } = await opened.json<RecordsView>(`/api/topics/${topic}/records`)
    const [long, bytes] = records
    assert.deepEqual(bytes?.value, { text: '00ff80', isText: false, sizeBytes: 3, isCut: false })
    assert.equal(long?.value?.isCut, true)
    assert.match(long?.value?.text ?? '', /^é+$/)
  })

  test('what is written is told to who looks, as it comes', async () => {
    const topic = await topicWith(['before'])
    const seen: string[] = []
    for await (const { records } of opened.events<LiveRecords>(`/api/live/topics/${topic}/records`)) {
      if (records.length === 0) await cli.text(['produce', topic, 'now'])
      seen.push(...records.map(({ value }) => value?.text ?? ''))
      if (seen.length > 0) break
    }
    assert.deepEqual(seen, ['now'])
  })

  test('ends and lag are told again and again, without joining a group or committing for it', async () => {
    const topic = await topicWith(['a', 'b', 'c'])
    const group = cli.unique('readers')
    await cli.text(['consume', topic, '-g', group, '-n', '1', '--from', 'start'])
    const before = await cli.rows(['groups', 'describe', group])
    let ends: number[] = []
    for await (const view of opened.events<TopicView>(`/api/live/topics/${topic}`)) {
      ends = [...ends, view.partitions[0]?.end ?? -1]
      if (ends.length === 1) await cli.text(['produce', topic, 'd'])
      if (ends.at(-1) === 4) break
    }
    assert.equal(ends[0], 3)
    const view = await opened.first<GroupView>(`/api/live/group?name=${group}`)
    assert.deepEqual(
      [view.state, view.members.length, view.partitions[0]?.committed, view.partitions[0]?.lag],
      ['Empty', 0, 1, 3]
    )
    const { groups } = await opened.first<GroupsView>('/api/live/groups')
    assert.equal(groups.find(({ name }) => name === group)?.lag, 3)
    const [{ members } = { members: null }] = await cli.rows(['groups', 'describe', group])
    assert.deepEqual(members, before[0]?.members)
  })

  test('a group that gets nothing is explained', async () => {
    const topic = await topicWith(['a'])
    const group = cli.unique('readers')
    await cli.text(['consume', topic, '-g', group, '-e', '--from', 'start'])
    const findings = await opened.json<FindingView[]>(`/api/group/why?name=${group}`)
    assert.ok(findings.length > 0 && findings.every(({ text }) => text.length > 0))
  })

  test('a topic is made, and goes only when its name is typed', async () => {
    const name = cli.unique('made')
    assert.deepEqual(await opened.json('/api/topics', { method: 'POST', body: { name, partitions: 2 } }), {
      partitions: 2
    })
    const again = await opened.ask('/api/topics', { method: 'POST', body: { name, partitions: 2 } })
    assert.match((JSON.parse(again.text) as ProblemView).why ?? '', /TOPIC_ALREADY_EXISTS/)
    const wrong = await opened.ask(`/api/topics/${name}`, { method: 'DELETE', body: { name: 'made' } })
    assert.equal(wrong.status, 400)
    await opened.json(`/api/topics/${name}`, { method: 'DELETE', body: { name } })
    const { topics } = await opened.first<TopicsView>('/api/live/topics')
    assert.ok(!topics.some((one) => one.name === name))
  })

  test('what is asked for wrongly is told what is wrong with it', async () => {
    const topic = await topicWith([])
    const bodies: unknown[] = [
      [],
      'x',
      { key: 1 },
      { headers: 'x' },
      { headers: [['a']] },
      { partition: -1 },
      { partition: 1.5 }
    ]
    for (const body of bodies) {
      const { status, text } = await opened.ask(`/api/topics/${topic}/records`, { method: 'POST', body })
      assert.equal(status, 400, JSON.stringify(body))
      assert.ok((JSON.parse(text) as ProblemView).what.length > 0)
    }
    for (const path of ['/api/group/why?name=not-there', '/api/nothing', '/api/topics/not-there/records'])
      assert.equal((await opened.ask(path)).status, 404, path)
  })

  test('a path that climbs leads to the page, and strangers are refused', async () => {
    for (const path of ['/../../../etc/passwd', '/..%2f..%2fetc/passwd', '/app.js/../../package.json']) {
      const { status, text } = await opened.ask(path)
      assert.ok(status === 404 || /<!doctype html>/i.test(text), path)
      assert.doesNotMatch(text, /root:|"name"/)
    }
    assert.equal((await opened.ask('/api/cluster', { headers: { host: 'evil.example' } })).status, 421)
    assert.equal((await opened.ask('/api/cluster', { headers: { origin: 'http://evil.example' } })).status, 403)
    const { headers } = await opened.ask('/')
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  })

  test('what cannot be changed with --read-only is refused, and looked at all the same', async () => {
    const reader = await OpenedConsole.of(cli, ['--read-only'])
    try {
      const { isReadOnly } = await reader.json<ClusterView>('/api/cluster')
      assert.equal(isReadOnly, true)
      assert.equal((await reader.ask('/api/topics', { method: 'POST', body: { name: 'no' } })).status, 403)
    } finally {
      await reader.close()
    }
  })

  test('whoever asks for a stream and takes nothing of it costs nothing, and the console ends when it is asked to', async () => {
    const topic = await topicWith(['a'])
    const other = await OpenedConsole.of(cli)
    for (const path of ['/api/live/topics', `/api/live/topics/${topic}/records`])
      assert.equal((await other.ask(path, { method: 'HEAD' })).status, 200)
    const looking = other.first<TopicsView>('/api/live/topics')
    await looking
    assert.equal(await other.process.stop(), 0)
  })

  test('a body that is too large is refused, and says so', async () => {
    const topic = await topicWith([])
    // It is refused for what it says of itself.
    const headers = { 'content-length': String(9 * 1024 * 1024) }
    const { status, text } = await opened.ask(`/api/topics/${topic}/records`, { method: 'POST', body: {}, headers })
    assert.equal(status, 413)
    assert.match((JSON.parse(text) as ProblemView).why ?? '', /8 MB/)
  })

  test('a group of any name can be looked at', async () => {
    const topic = await topicWith(['a'])
    const group = `${cli.unique('read/ers')}?#% é`
    await cli.text(['consume', topic, '-g', group, '-e', '--from', 'start'])
    const view = await opened.first<GroupView>(`/api/live/group?name=${encodeURIComponent(group)}`)
    assert.deepEqual([view.name, view.partitions.length], [group, 1])
  })

  test('whoever comes from outside needs the token, once', async () => {
    const reached = await OpenedConsole.of(cli, ['--host', '0.0.0.0'])
    try {
      assert.equal((await reached.ask('/api/cluster')).status, 401)
      const token = reached.url.searchParams.get('token') ?? ''
      const { status, headers } = await reached.ask(`/?token=${token}`)
      assert.deepEqual([status, headers.location], [302, '/'])
      const cookie = String(headers['set-cookie']).split(';')[0] ?? ''
      assert.equal((await reached.ask('/api/cluster', { headers: { cookie } })).status, 200)
      assert.equal((await reached.ask('/api/cluster', { headers: { authorization: `Bearer ${token}` } })).status, 200)
    } finally {
      await reached.close()
    }
  })
})
