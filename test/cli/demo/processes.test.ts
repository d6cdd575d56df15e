/** The demo's members are processes of their own, and none of them outlives it; nor does it hide what goes wrong. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { DemoProcess } from '../../conformance/seed/demo-process.ts'
import { run } from '../../harness/child-process.ts'
import { freePort } from '../../harness/free-port.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { projectDirectory, temporaryDirectory } from '../../harness/paths.ts'
import { skipUnless } from '../../harness/tools.ts'

const main = join(projectDirectory, 'dist', 'cli', 'main.js')
const WAIT_MS = 60_000

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + WAIT_MS
  while (pids.some(isAlive)) {
    assert.ok(Date.now() < deadline, `still there: ${pids.filter(isAlive)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function runningDemo(args: readonly string[] = []): Promise<{ demo: DemoProcess; pids: number[] }> {
  const demo = new DemoProcess(['--rate', '10/s', ...args])
  await demo.until('a notification', () => demo.count('notified') > 0)
  const pids = await demo.until('all members', () => (demo.pids().length === 5 ? demo.pids() : undefined))
  return { demo, pids }
}

suite("the demo's processes", { skip: skipUnless(odradek()) }, () => {
  test('Ctrl-C closes in order: everything is finished, exit code 0, no process is left', async () => {
    const { demo, pids } = await runningDemo()
    demo.process.child.kill('SIGINT')
    const { summary, code } = await demo.ended()
    assert.deepEqual([code, summary?.met, summary?.open], [0, true, 0])
    for (const pid of pids) assert.equal(isAlive(pid), false)
  })

  test('when the demo itself is killed (kill -9), its members end too, paused ones included', async () => {
    using directory = temporaryDirectory('demo')
    const { demo, pids } = await runningDemo(['--data', directory.path])
    demo.tell('pause kitchen')
    await demo.untilNews(/^kitchen is paused/)
    await demo.process.kill()
    await untilGone(pids)
  })

  test('its own broker leaves nothing behind, and two demos on one machine do not meet', async () => {
    using scratch = temporaryDirectory('tmp')
    const env = { TMPDIR: scratch.path }
    const args = [main, 'demo', '-o', 'jsonl', '--count', '5', '--rate', '20/s']
    const [one, other] = await Promise.all([run(process.execPath, args, { env }), run(process.execPath, args, { env })])
    for (const { code, stdout } of [one, other]) {
      assert.equal(code, 0)
      assert.match(
        stdout.toString(),
        /"event":"summary","met":true,"due":5,"placed":5,"paid":5,"cooked":5,"notified":5/
      )
    }
    assert.deepEqual(readdirSync(scratch.path), [])
  })

  test('--data keeps its topics; a second demo there takes other names, and the same seed gives the same orders', async () => {
    using directory = temporaryDirectory('demo')
    const args = ['demo', '-o', 'jsonl', '--count', '6', '--rate', '20/s', '--seed', '42', '--data', directory.path]
    const once = async () => {
      const { code, stdout, stderr } = await run(process.execPath, [main, ...args])
      assert.equal(code, 0, `${stderr}\n${stdout}`)
      return stdout.toString().trim().split('\n')
    }
    assert.match((await once()).at(-1) ?? '', /"topics":\["orders","payments","notifications"\]/)
    assert.match((await once()).at(-1) ?? '', /"topics":\["demo2-orders","demo2-payments","demo2-notifications"\]/)
    assert.ok(existsSync(join(directory.path, 'demo2-orders-0')))
    await using broker = await startOdradek({ dataDirectory: directory.path })
    const orders = async (topic: string) => {
      const { code, stdout, stderr } = await run(process.execPath, [
        main,
        'consume',
        topic,
        '-e',
        '-b',
        broker.bootstrap,
        '-f',
        '%v\n'
      ])
      assert.equal(code, 0, stderr)
      const events = stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      const placed = events.filter(({ status }) => status === 'placed')
      return placed.map(({ timestamp: _, ...order }) => order).sort((a, b) => Number(a.order_id) - Number(b.order_id))
    }
    const first = await orders('orders')
    assert.equal(first.length, 6)
    assert.deepEqual(await orders('demo2-orders'), first)
  })

  test('groups are left cleanly: when it has ended, none of them has a member', async () => {
    await using broker = await startOdradek()
    const { demo } = await runningDemo(['-b', broker.bootstrap])
    demo.tell('quit')
    assert.equal((await demo.ended()).code, 0)
    const { stdout } = await run(process.execPath, [main, 'groups', 'list', '-b', broker.bootstrap, '-o', 'jsonl'])
    const groups = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(
      groups.map(({ group, state }) => `${group} ${state}`),
      ['customers Empty', 'kitchen Empty', 'notifications Empty', 'payments Empty']
    )
  })

  test('a broker that goes away is shown; when it is back the demo goes on, and nothing is lost', async () => {
    using directory = temporaryDirectory('broker')
    const port = await freePort()
    const start = () => startOdradek({ dataDirectory: directory.path, port })
    const first = await start()
    const { demo } = await runningDemo(['-b', first.bootstrap])
    try {
      await first.kill()
      await demo.untilNews(/^the broker is away: /)
      await using _second = await start()
      await demo.untilNews(/^the broker is back/)
      const before = demo.count('notified')
      await demo.until('more notifications', () => demo.count('notified') > before + 10)
      demo.tell('quit')
      const { summary, code } = await demo.ended()
      assert.deepEqual([code, summary?.lost, summary?.doubled, summary?.open], [0, 0, 0, 0])
    } finally {
      await demo.process.kill()
    }
  })

  test('a broker that cannot be reached is named within two seconds, with what to try', async () => {
    const startedMs = performance.now()
    const { code, stderr } = await run(process.execPath, [main, 'demo', '-b', '127.0.0.1:1'])
    assert.ok(performance.now() - startedMs < 4000)
    assert.equal(code, 3)
    assert.match(stderr, /127\.0\.0\.1:1\n {2}why: .*ECONNREFUSED.*\n {2}try: npx odradek serve/)
  })

  test('what cannot be meant is wrong usage', async () => {
    const wrong = [
      ['--rate', 'x'],
      ['--count', '0'],
      ['--duration', '5'],
      ['-o', 'csv'],
      ['--data', 'x', '-b', 'y:1'],
      ['--sed', '1']
    ]
    const codes = await Promise.all(
      wrong.map(async (args) => (await run(process.execPath, [main, 'demo', ...args])).code)
    )
    assert.deepEqual(
      codes,
      wrong.map(() => 2)
    )
  })

  test('on a pipe it says in plain lines what happens, and how it went', async () => {
    const { code, stdout } = await run(process.execPath, [main, 'demo', '--count', '4', '--rate', '20/s'], {
      input: 'scale kitchen 9\ndance\n'
    })
    const text = stdout.toString()
    assert.equal(code, 0)
    assert.match(
      text,
      /^Odradek demo: food delivery on Kafka at localhost:\d+ \(in this process\), topics orders, payments, /
    )
    assert.match(text, /^\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) {2}kitchen +order 1 +2 ramen cooked +orders \d:\d$/m)
    assert.match(text, /\* kitchen has 3 processes: more would find nothing to do$/m)
    assert.match(text, /^notifications {2}notified {2}notifications +4 +0 +0$/m)
    assert.match(text, /^Every customer was told, once: 4 of 4 orders\.$/m)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing that only a terminal understands
    assert.doesNotMatch(text, /\u001b/)
  })

  test('the hidden command of its members is in no help', async () => {
    const { stdout } = await run(process.execPath, [main, '--help'])
    assert.doesNotMatch(stdout.toString(), /demo-member/)
    assert.doesNotMatch(readFileSync(join(projectDirectory, 'docs', 'reference', 'cli.md'), 'utf8'), /demo-member/)
  })
})
