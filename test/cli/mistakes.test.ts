/** What people get wrong, and what they are told: each message says what happened, why, and what to type. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { CommanderError } from 'commander'
import { fromParser } from '../../src/cli/parser-errors.ts'
import { run } from '../harness/child-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { builtCommand, type CommandLine, openCommandLine, unavailable } from './command-line.ts'

suite('mistakes', { skip: unavailable() }, () => {
  let cli: CommandLine
  let topic: string
  const directory = temporaryDirectory('mistakes')
  before(async () => {
    cli = await openCommandLine()
    topic = cli.unique('orders')
    await cli.text(['topics', 'create', topic, '-p', '1'])
    await cli.text(['produce', topic, '-i', 'jsonl'], '{"key":"","value":"empty"}\n{"value":"null"}\n')
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    directory.remove()
  })

  async function fails(args: readonly string[], code: number, ...said: RegExp[]): Promise<void> {
    const { code: found, stderr } = await cli.run(args, '')
    assert.equal(found, code, `${args.join(' ')}: ${stderr}`)
    for (const sentence of said) assert.match(stderr, sentence)
  }

  test('a file that is not there, a directory, a file without the right to read it', async () => {
    await fails(['produce', topic, '-F', '/nofile'], 2, /cannot read \/nofile\n {2}why: there is no such file/)
    mkdirSync(join(directory.path, 'folder'))
    await fails(['produce', topic, '-F', join(directory.path, 'folder')], 2, /it is a directory/)
    await fails(['topics', 'list', '--command-config', '/nofile'], 2, /\/nofile\n {2}why: there is no such file/)
    await fails(['topics', 'list', '--command-config', directory.path], 2, /it is a directory/)
    await fails(['groups', 'reset', 'x', '--from-file', '/nofile'], 2, /\/nofile\n {2}why: there is no such file/)
  })

  test('a topic that was mistyped is named as it is written; one that is not there can be made', async () => {
    await fails(
      ['consume', topic.slice(0, -1)],
      5,
      new RegExp(`but there is "${topic}"\\n {2}try: the same command with`)
    )
    await fails(['consume', 'nothing-like-it'], 5, /try: (npx )?odradek topics create nothing-like-it/)
    await fails(['consume', 'nothing*'], 5, /no topic matches "nothing\*"/)
  })

  test('a name that no topic may have is told what it may hold, by each command', async () => {
    for (const args of [['consume'], ['topics', 'describe'], ['topics', 'create'], ['trace', '--offset', '0:0']])
      await fails([...args, 'bad topic!'], 1, /INVALID_TOPIC_EXCEPTION \(17\): .*'?\.'?/)
    await fails(['produce', 'bad topic!', 'x'], 1, /INVALID_TOPIC_EXCEPTION \(17\): a name has up to 249 letters/)
  })

  test('a pattern where one topic is wanted, a day that is none, a time without its @, the switch of kcat', async () => {
    for (const words of [
      ['topics', 'trim', 'o*', '--before', 'end'],
      ['topics', 'alter', 'o*', '-p', '3'],
      ['trace', 'o*', '--offset', '0:0']
    ])
      await fails(
        words,
        2,
        /"o\*" is a pattern, and one topic is wanted here\n {2}why: .*\n {2}try: (npx )?odradek topics list/
      )
    await fails(['consume', topic, '--from', '2026-02-30', '-e'], 2, /"2026-02-30" is not a place to read from/)
    await fails(
      ['topics', 'trim', topic, '--before', '1796013000123'],
      2,
      /ends at 2; a time is written @1796013000123/
    )
    await fails(['produce', '-P', '-t', topic], 2, /-P needs a partition, and "-t" is none\n {2}why: kcat's -P/)
  })

  test('a partition that is not there: first what harms nothing, and of more partitions that they cannot be undone', async () => {
    const { stderr } = await cli.run(['produce', topic, 'x', '-P', '9'])
    assert.match(
      stderr,
      /try: without -P one .* or (npx )?odradek topics alter .* --partitions 10 {3}\(cannot be undone/m
    )
    const { stderr: ofLine } = await cli.run(['produce', topic, '-i', 'jsonl'], '{"partition":9,"value":"x"}\n')
    assert.match(
      ofLine,
      /line 1: .* has no partition 9\n.*\n.*--repartition chooses one of them; or .*--partitions 10 {3}\(cannot be undone/m
    )
  })

  test('what is nearly right is answered with the line that is', async () => {
    await fails(['prodcue', 'orders', 'x'], 2, /why: did you mean produce\?$/m)
    await fails(['help', 'prodcue'], 2, /why: did you mean produce\?$/m)
    await fails(['produce', 'orders', 'hello', 'world'], 2, /try: (npx )?odradek produce orders 'hello world'$/m)
    await fails(['topics', 'remove', 'x'], 2, /try: (npx )?odradek topics delete x$/m)
    await fails(['groups', 'remove', 'x'], 2, /try: (npx )?odradek groups delete x$/m)
    await fails(['topics', 'create', 'x', '-p', '0'], 1, /try: (npx )?odradek topics create x -p 3$/m)
    await fails(['topics', 'create', 'x', '-r', '3'], 1, /try: (npx )?odradek topics create x {3}\(without -r/)
  })

  test('options that exclude each other say why, and what is there instead', async () => {
    const last = ['consume', topic, '--tail', '5']
    await fails([...last, '--from', '3'], 2, /why: each says where to begin\n {2}try: --from -5 --exit /)
    await fails(
      [...last, '-g', 'g'],
      2,
      /why: a group goes on where it stopped.*\n {2}try: without --group: --tail 5$/m
    )
    await fails(['consume', topic, '--group-protocol', 'consumer'], 2, /--group-protocol without --group/)
  })

  test('a command or an option that was mistyped is answered with the whole line, mended', async () => {
    await fails(['topcs', 'list', '--internal'], 2, /try: (npx )?odradek topics list --internal$/m)
    await fails(
      ['consumer', topic],
      2,
      new RegExp(`did you mean consume\\?\n {2}try: (npx )?odradek consume ${topic}$`, 'm')
    )
    await fails(['topics', 'descibe', topic], 2, new RegExp(`try: (npx )?odradek topics describe ${topic}$`, 'm'))
    await fails(['consume', topic, '--frm=end', '-e'], 2, new RegExp(`odradek consume ${topic} --from=end -e$`, 'm'))
    await fails(['topics', 'list', '--timout', '5s'], 2, /try: (npx )?odradek topics list --timeout 5s$/m)
    const { stderr } = await cli.run(['topics', 'delte', 'x', '--yes'])
    assert.match(stderr, /try: (npx )?odradek topics delete x$/m, 'nobody is told to remove without being asked')
  })

  test('nobody who mistypes --acks is told of one that promises less', async () => {
    for (const acks of ['2', '', '10', 'none', 'leader', '-2', '01']) {
      const { code, stderr } = await cli.run(['produce', topic, 'x', '--acks', acks])
      assert.equal(code, 2)
      assert.match(stderr, /it is one of all, -1, 1, 0$/m)
      assert.doesNotMatch(stderr, /mean [10]|--acks [10]/)
    }
    await fails(['produce', topic, 'x', '--acks', 'al'], 2, /try: .* --acks all$/m)
  })

  test('what an option cannot be, and an argument that is missing, come with the line that is right', async () => {
    await fails(
      ['consume', topic, '-e', '-o', 'tabel'],
      2,
      new RegExp(
        `--output cannot be "tabel"\n {2}why: did you mean table.*\n {2}try: .*consume ${topic} -e -o table$`,
        'm'
      )
    )
    await fails(
      ['consume', topic, '--key', 'foo'],
      2,
      /--key cannot be "foo"\n {2}why: it is one of text, json, hex, base64$/m
    )
    await fails(
      ['brokers', 'describe'],
      2,
      /the id is missing\n {2}why: .*\n {2}try: (npx )?odradek brokers describe ID$/m
    )
    await fails(['topics', 'list', '--hlp'], 2, /try: (npx )?odradek topics list --help$/m)
    await fails(
      ['groups', 'list', '--state', 'stabel'],
      2,
      /"stabel" is no state of a group\n {2}why: did you mean stable\?/
    )
    assert.match(await cli.text(['-h', 'consume']), /^Usage: odradek consume /)
  })

  test('a table without a row says whether there is nothing, or nothing that was asked for', async () => {
    const { stderr } = await cli.run(['topics', 'list', 'no-such-*', '-o', 'table'])
    assert.match(stderr, /^of \d+ topics? none is as asked for$/m)
    assert.equal((await cli.run(['topics', 'list', 'no-such-*'])).stderr, '', 'a program sees that there are no rows')
  })

  test('an option whose value was left out is named, with the line that it belongs in', async () => {
    await fails(['consume', topic, '-g'], 2, /-g needs a value\n {2}why: -g, --group <name>: .*\n {2}try: .* -g NAME$/m)
    await fails(
      ['consume', topic, '-g', '-e'],
      2,
      new RegExp(
        `-g needs a value, and "-e" is an option\n.*\n {2}try: (npx )?odradek consume ${topic} -g NAME -e$`,
        'm'
      )
    )
    await fails(['produce', topic, '--topic'], 2, /--topic needs a value\n {2}try: .* --topic NAME$/m)
    await fails(['produce', topic, '-t', '--acks', '1'], 2, /-t needs a value, and "--acks" is an option/)
    await fails(['topics', 'list', '-b'], 2, /try: (npx )?odradek topics list -b HOST:PORT$/m)
    const { code, stdout } = await cli.run(['consume', topic, '-g', '--help'])
    assert.equal(code, 0)
    assert.match(stdout.toString(), /^Usage: odradek consume /)
  })

  test('several topics in one word are told how they are named', async () => {
    await fails(['consume', 'a,b', '-e'], 2, /"a,b" is no topic: .*\n.*\n {2}try: (npx )?odradek consume a b -e$/m)
    await fails(['topics', 'describe', 'a,b'], 2, /try: (npx )?odradek topics describe a b$/m)
    await fails(['transactions', 'find-hanging', 'a,b'], 2, /odradek transactions find-hanging a b$/m)
    const one = [
      ['produce', 'a,b', 'x'],
      ['trace', 'a,b', '--offset', '0:0'],
      ['topics', 'create', 'a,b']
    ]
    for (const line of [...one, ['topics', 'trim', 'a,b', '--before', 'end'], ['topics', 'alter', 'a,b', '-p', '3']]) {
      const mended = line.join(' ').replace('a,b', 'a')
      await fails(
        line,
        2,
        new RegExp(`^error: "a,b" is no topic.*\n.*: one topic is wanted here\n.*odradek ${mended}$`, 'm')
      )
    }
    await fails(['topics', 'list', 'a,b'], 2, /"a,b" matches no topic: no name has a comma in it\n.*"order\*"/)
    await fails(['topics', 'list', '[a,b]*'], 0)
  })

  test('serve is told how a port and a directory are given, and where its settings are listed', async () => {
    await fails(['serve', '9093'], 2, /a port is given with --port\n {2}try: (npx )?odradek serve --port 9093$/m)
    await fails(['serve', '0.0.0.0:9093', '--memory'], 2, /odradek serve --host 0.0.0.0 --port 9093 --memory$/m)
    await fails(['serve', './here'], 2, /try: (npx )?odradek serve --data .\/here$/m)
    await fails(
      ['serve', '--memory', '-p', '0', '-c', 'foo=1'],
      2,
      /no broker configuration foo .*\n {2}why: .*docs\/reference\/broker-settings.md lists them\n {2}try: (npx )?odradek serve --help$/m
    )
    await fails(['serve', '--memory', '-p', '0', '-c', 'num.partitons=3'], 2, /Did you mean num.partitions\?/)
  })

  test('a group that is not there ends a watch as it ends a look, with the name that was probably meant', async () => {
    const group = cli.unique('payments')
    await cli.text(['consume', topic, '-g', group, '-e'])
    for (const watch of [[], ['--watch']]) {
      await fails(
        ['groups', 'describe', 'nobody', ...watch],
        5,
        /there is no group "nobody"\n.*\n {2}try: .*groups list$/m
      )
      const slip = group.slice(1)
      await fails(
        ['groups', 'describe', slip, ...watch],
        5,
        new RegExp(`but there is "${group}"\n.* with ${group}$`, 'm')
      )
    }
  })

  test('nobody is told how to remove all of a topic, least of all who typed --yes', async () => {
    const line = ['topics', 'trim', topic, '--before', '9999', '--yes']
    const { code, stderr } = await cli.run(line)
    assert.equal(code, 2)
    assert.match(stderr, new RegExp(`try: (npx )?odradek topics offsets ${topic} `))
    assert.doesNotMatch(stderr, /--before end/)
  })

  test('one record is removed, and one offset was read, not "1 offsets"', async () => {
    const one = cli.unique('one')
    await cli.text(['topics', 'create', one, '-p', '1'])
    await cli.text(['produce', one, 'hello', '-k', 'a'])
    await fails(['trace', one, '--key', 'b'], 5, /read whole, 1 offset$/m)
    const { stderr } = await cli.run(['topics', 'trim', one, '--before', 'end', '--yes'])
    assert.match(stderr, new RegExp(`^removed 1 record from ${one}$`, 'm'))
  })

  test('rm and ls are what they are elsewhere, and nothing that removes data is suggested for another word', async () => {
    const gone = cli.unique('gone')
    await cli.text(['topics', 'create', gone])
    assert.ok((await cli.rows(['topics', 'ls'])).some((row) => row.topic === gone))
    await cli.text(['topics', 'rm', gone, '--yes'])
    const { stderr } = await cli.run(['topics', 'rn', 'x'])
    assert.doesNotMatch(stderr, /trim|delete/)
  })

  test('describe and delete take patterns; what a pattern would delete is named first', async () => {
    const prefix = cli.unique('many')
    const names = [`${prefix}-1`, `${prefix}-2`]
    for (const name of names) await cli.text(['topics', 'create', name, '-p', '2'])
    const described = await cli.rows(['topics', 'describe', `${prefix}*`])
    assert.deepEqual(
      described.map(({ topic: name, partitions }) => [name, Array.isArray(partitions) && partitions.length]),
      names.map((name) => [name, 2])
    )
    assert.match(await cli.text(['topics', 'describe', ...names, '-o', 'table']), /-1 {2}id[\s\S]*\n\n.*-2 {2}id/)
    await fails(['topics', 'delete', `${prefix}*`], 2, new RegExp(`would delete 2 topics: ${names.join(', ')}\n`))
    await cli.text(['topics', 'delete', `${prefix}-[12]`, '--yes'])
    await fails(['topics', 'describe', `${prefix}*`], 5, /no topic matches/)
    await fails(['topics', 'delete', `${prefix}*`, '--yes'], 5, /no topic matches/)
    await cli.text(['topics', 'delete', `${prefix}*`, '--yes', '--if-exists'])
  })

  test('a setting that topics do not have is neither set nor reset, and the one that was meant is named', async () => {
    for (const change of [
      ['--delete-config', 'retention.m'],
      ['-c', 'retention.m=7d']
    ]) {
      await fails(
        ['topics', 'alter', topic, '-p', '2', ...change],
        1,
        /no setting "retention\.m"; nothing was changed\n {2}why: did you mean retention\.ms\? /
      )
    }
    const [listed] = await cli.rows(['topics', 'list', topic])
    assert.equal(listed?.partitions, 1)
    await fails(['topics', 'alter', topic, '--delete-config', 'retention.ms'], 0, /retention\.ms changed/)
  })

  test('whoever mistypes one of a few names is asked whether he meant the right one', async () => {
    const mistyped: readonly (readonly [line: string, meant: string])[] = [
      ['learn ofset', 'offset'],
      ['completion bsh', 'bash'],
      [`consume ${topic} --from strat`, 'start'],
      [`consume ${topic} -o tabel`, 'table'],
      [`consume ${topic} -X client.idd=3`, 'client.id'],
      [`produce ${topic} x -z gzp`, 'gzip'],
      [`produce ${topic} --template ordres`, 'orders'],
      [`topics trim ${topic} --before edn`, 'end'],
      ['groups reset g --to earlist', 'earliest']
    ]
    for (const [line, meant] of mistyped) await fails(line.split(' '), 2, new RegExp(`why: .*did you mean ${meant}\\?`))
    await fails(['learn', 'ofset'], 2, /try: (npx )?odradek learn offset/)
    await fails(
      ['topics', 'create', 'other', '-c', 'retention.m=1'],
      1,
      /INVALID_CONFIG.*; did you mean retention\.ms\?/
    )
    const there = await cli.run(['topics', 'create', topic, '-c', 'retention.m=1'])
    assert.match(there.stderr, /TOPIC_ALREADY_EXISTS/)
    assert.doesNotMatch(there.stderr, /did you mean/)
    assert.match(await cli.text(['learn', '4', '--yes']), /partition/i)
    await fails(['learn', '9'], 2, /there is no lesson about "9"/)
    const { stderr } = await cli.run(['learn', 'cooking'])
    assert.doesNotMatch(stderr, /did you mean/)
  })

  test('a word in the place of a number is said of the option that it stands behind', async () => {
    await fails(['topics', 'create', 'x', '-p', 'abc'], 2, /--partitions: "abc" is not a count/)
    await fails(['produce', topic, 'x', '-P', 'abc'], 2, /--partition: "abc" is not a partition/)
    await fails(['brokers', 'describe', 'abc'], 2, /"abc" is not the number of a broker/)
    await fails(['serve', '--port', 'abc'], 2, /--port: /)
    await fails(['topics', 'list', '--utc', '--local'], 2, /--utc and --local exclude each other/)
  })

  test('each command tells the places that it knows, and none of another', async () => {
    await fails(['topics', 'trim', topic, '--before', 'abc', '--yes'], 2, /--before abc is not a place\n.*@-7d, or end/)
    await fails(
      ['groups', 'reset', 'g', '--to', 'tomorrow', '--topic', topic],
      2,
      /--to tomorrow is not a place\n.*--shift/
    )
  })

  test('a group that has committed nothing is named', async () => {
    await fails(['groups', 'reset', 'nope', '--to', 'earliest'], 5, /"nope" has committed no offsets\n.*no such group/)
  })

  test('nobody is asked about what is not there, and is not told to make it', async () => {
    await fails(['topics', 'delete', 'nope', '--yes'], 5, /nope/)
    await fails(['topics', 'offsets', 'nope'], 5, /try: (npx )?odradek topics list/)
    await fails(['topics', 'trim', 'nope', '--before', 'end', '--yes'], 5, /try: (npx )?odradek topics list/)
    await fails(['groups', 'delete', 'nope', '--yes'], 5, /try: (npx )?odradek groups list/)
  })

  test("other tools' lines are answered with ours", async () => {
    await fails(['topic', 'consume', topic], 2, new RegExp(`try: (npx )?odradek consume ${topic}`))
    await fails(['-L'], 2, /try: (npx )?odradek brokers list/)
    await fails(['consume', topic, '-o', 'beginning'], 2, /try: --from beginning/)
    assert.equal((await cli.rows(['consume', '--topic', topic, '--from-beginning', '-e', '-p', '0'])).length, 2)
  })

  test('who answers at that port and is no Kafka is not replaced by one of ours', async () => {
    const other = createServer((_, response) => response.end('hello'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { stderr } = await cli.run(['topics', 'list', '-b', `127.0.0.1:${port}`])
    other.close()
    assert.match(stderr, /try: name another broker with -b/)
    assert.doesNotMatch(stderr, /odradek serve/)
  })

  test('-f json is not a format of a record', () => fails(['consume', topic, '-f', 'json', '-e'], 2, /try: -o json/))

  test('an expression that fails on every record is a failure, told with the names there are', () =>
    fails(['consume', topic, '-e', '--where', 'vlaue === 1'], 1, /vlaue is not defined/, /names are topic, partition/))

  test('a line that is too large is named, the others arrive, and the exit code says so', async () => {
    const large = cli.unique('large')
    await cli.text(['topics', 'create', large, '-p', '1', '-c', 'max.message.bytes=2000'])
    const lines = ['one', 'x'.repeat(3000), 'three', 'four', 'y'.repeat(4000)]
    const { code, stderr } = await cli.run(['produce', large], lines.join('\n'))
    assert.equal(code, 6, stderr)
    assert.match(stderr, /line 2 \(3,000 bytes\) was refused: MESSAGE_TOO_LARGE; going on\n/)
    assert.match(stderr, /line 5 \(4,000 bytes\) was refused/)
    assert.match(stderr, /2 records were refused, 3 delivered; .*\n {2}why: MESSAGE_TOO_LARGE \(10\)/)
    assert.match(stderr, /try: (npx )?odradek topics alter .* -c max.message.bytes/)
    assert.deepEqual(
      (await cli.rows(['consume', large, '-e'])).map((row) => row.value),
      ['one', 'three', 'four']
    )
  })

  test('a line that is larger than what is held in memory is named too, and the others arrive', async () => {
    const large = cli.unique('large')
    await cli.text(['topics', 'create', large, '-p', '1'])
    const { code, stderr } = await cli.run(['produce', large], `one\n${'x'.repeat(70_000_000)}\nthree\n`)
    assert.equal(code, 6, stderr)
    assert.match(stderr, /line 2 \(70,000,000 bytes\) was refused: larger than 64 MiB; going on\n/)
    assert.match(stderr, /error: line 2 .*\n {2}why: .*\n {2}try: sed -n 2p FILE/)
    assert.deepEqual(
      (await cli.rows(['consume', large, '-e'])).map((row) => row.value),
      ['one', 'three']
    )
  })

  test('what stands before a line at fault is stored, however the input is cut, and its number is where to go on', async () => {
    const file = join(directory.path, 'numbers.txt')
    const numbers = Array.from({ length: 60_000 }, (_, index) => (index === 49_999 ? 'bad' : String(index + 1)))
    writeFileSync(file, numbers.join('\n'))
    const cases = [
      { args: ['-i', 'json', '-F', file], input: '', stored: 49_999, said: /^49,999 records were delivered/m, code: 2 },
      { args: ['-i', 'json'], input: '1\n2\nbad\n', stored: 2, said: /^2 records were delivered/m, code: 2 },
      { args: ['-i', 'json'], input: 'bad\n', stored: 0, said: /^nothing was delivered/m, code: 2 },
      {
        args: ['-i', 'jsonl'],
        input: '{"value":"a"}\n{"value":"b","partition":9}\n',
        stored: 1,
        said: /^1 record was/m,
        code: 5
      }
    ]
    for (const { args, input, stored, said, code } of cases) {
      const lines = cli.unique('lines')
      await cli.text(['topics', 'create', lines, '-p', '1'])
      const finished = await cli.run(['produce', lines, ...args], input)
      assert.equal(finished.code, code, finished.stderr)
      assert.match(finished.stderr, said)
      assert.match(finished.stderr, new RegExp(`error: line ${stored + 1}\\b`))
      assert.match(finished.stderr, new RegExp(` tail -n \\+${stored + 1} \\S+ \\| (npx )?odradek produce ${lines} `))
      assert.match(finished.stderr, new RegExp(`mend line ${stored + 1}, then tail`))
      assert.equal(finished.stderr.includes('FILE holds what came on the pipe'), input !== '')
      assert.equal((await cli.rows(['topics', 'offsets', lines]))[0]?.end, stored)
    }
  })

  test('a compacted topic refuses what has no key, by name', async () => {
    const compacted = cli.unique('compacted')
    await cli.text(['topics', 'create', compacted, '-p', '1', '-c', 'cleanup.policy=compact'])
    const { code, stderr } = await cli.run(
      ['produce', compacted, '-i', 'jsonl'],
      '{"key":"a","value":"1"}\n{"value":"2"}\n{"key":"c","value":"3"}\n'
    )
    assert.equal(code, 6, stderr)
    assert.match(stderr, /line 2 .* was refused.*INVALID_RECORD/s)
    assert.deepEqual(
      (await cli.rows(['consume', compacted, '-e'])).map((row) => row.key),
      ['a', 'c']
    )
  })

  test('lines that end as on Windows are the same lines', async () => {
    const windows = cli.unique('windows')
    await cli.text(['topics', 'create', windows, '-p', '1'])
    writeFileSync(join(directory.path, 'crlf.txt'), 'a:1\r\nb:2\r\n')
    await cli.text(['produce', windows, '-K', ':', '-F', join(directory.path, 'crlf.txt')])
    assert.deepEqual(
      (await cli.rows(['consume', windows, '-e'])).map((row) => [row.key, row.value]),
      [
        ['a', '1'],
        ['b', '2']
      ]
    )
  })

  test('no key and an empty key look different on a terminal, and with -Z', async () => {
    const shown = await cli.text(['consume', topic, '-e', '-o', 'table', '--utc'])
    assert.match(shown, /Z {2}\(empty\) {2}empty\n.*Z {2}null\n/)
    assert.equal(await cli.text(['consume', topic, '-e', '-o', 'raw', '-k', '-Z']), '\tempty\nNULL\tnull\n')
  })

  test('a number in quotes is called what it is', async () => {
    const { code, stderr } = await cli.run(['produce', topic, '-i', 'jsonl'], '{"value":"v","partition":"9099"}')
    assert.equal(code, 2)
    assert.match(stderr, /line 1: partition is "9099"\n {2}why: a partition is a whole number, without quotes/)
  })

  test('the version is told wherever it is asked for', async () => {
    for (const args of [['--version'], ['consume', '--version'], ['topics', 'list', '-V']]) {
      assert.match(await cli.text(args), /^\d+\.\d+\.\d+\n$/)
    }
  })

  test('brokers are listed and described', async () => {
    const [broker] = await cli.rows(['brokers', 'list'])
    assert.deepEqual(
      [broker?.address, typeof broker?.broker, typeof broker?.leads],
      [cli.bootstrap, 'number', 'number']
    )
    const [described] = await cli.rows(['brokers', 'describe', String(broker?.broker)])
    assert.equal(described?.address, cli.bootstrap)
    const [directory] = Array.isArray(described?.directories) ? described.directories : []
    assert.ok(directory.partitions >= 1 && directory.bytes > 0)
    await fails(['brokers', 'describe', '4711'], 5, /there is no broker 4711\n {2}why: the cluster has/)
  })

  test('a pattern stands for the topics that match, also those that come up', async () => {
    const stem = cli.unique('wild')
    for (const name of ['a', 'b']) await cli.text(['topics', 'create', `${stem}-${name}`, '-p', '1'])
    await cli.text(['produce', `${stem}-a`, 'from a'])
    const reader = cli.start(['consume', `${stem}*`])
    await reader.until((lines) => lines[0], 'the first record', 20_000)
    await cli.text(['topics', 'create', `${stem}-c`, '-p', '1'])
    await cli.text(['produce', `${stem}-c`, 'from c'])
    await cli.text(['topics', 'alter', `${stem}-b`, '-p', '2'])
    await cli.text(['produce', `${stem}-b`, 'from b', '-P', '1'])
    await reader.until((lines) => (lines.length >= 3 ? true : undefined), 'what came up', 20_000)
    reader.child.kill('SIGINT')
    await reader.exited
    assert.deepEqual(reader.lines.map((line) => JSON.parse(line).value).sort(), ['from a', 'from b', 'from c'])
  })

  test('a group follows a topic that grows', async () => {
    const [grows, group] = [cli.unique('grows'), cli.unique('group')]
    await cli.text(['topics', 'create', grows, '-p', '1'])
    await cli.text(['produce', grows, 'first'])
    const reader = cli.start(['consume', grows, '-g', group])
    await reader.until((lines) => lines[0], 'the first record', 20_000)
    await cli.text(['topics', 'alter', grows, '-p', '2'])
    await cli.text(['produce', grows, 'second', '-P', '1'])
    await reader.until((lines) => lines[1], 'the record of the new partition', 20_000)
    reader.child.kill('SIGINT')
    await reader.exited
    const [described] = await cli.rows(['groups', 'describe', group])
    assert.equal(described?.lag, 0)
  })

  test('what stands behind an option is its value, whatever it looks like', async () => {
    const keys = cli.unique('keys')
    const looksLike = ['-p', '-V', '-q', '-h', '--utc', '--', '-b', 'consume']
    for (const key of looksLike) {
      const { code, stderr, stdout } = await cli.run(['produce', keys, 'value', '-k', key])
      assert.equal(`${code}${stdout}`, '0', `${key}: ${stderr}`)
    }
    assert.deepEqual(
      (await cli.rows(['consume', keys, '-e'])).map((row) => row.key),
      looksLike
    )
  })

  test('a reader that has seen enough ends a lesson without a word, and without waiting for a broker that nobody needs', async () => {
    const beganMs = performance.now()
    const { code, stderr } = await run(
      'bash',
      ['-c', 'set -o pipefail; "$0" "$@" | head -1', process.execPath, builtCommand, 'learn', 'topic', '--yes'],
      { env: { NO_COLOR: '1' } }
    )
    assert.deepEqual([code, stderr], [0, ''])
    // A broker that does not answer is waited for as long.
    assert.ok(performance.now() - beganMs < 15_000)
  })

  test('what cannot be printed is told, and is no success', { skip: !existsSync('/dev/full') }, async () => {
    const said = await run(
      'bash',
      ['-c', `exec "$0" "$@" > /dev/full`, process.execPath, builtCommand, 'consume', topic, '-e'],
      {
        env: { KAFKA_BROKERS: cli.bootstrap }
      }
    )
    assert.equal(said.code, 1, said.stderr)
    assert.match(said.stderr, /^error: standard output takes nothing more\n {2}why: .*ENOSPC/m)
    assert.doesNotMatch(said.stderr, /^ +at /m)
  })

  test(
    'a member whose output takes nothing more leaves its group, and commits nothing',
    { skip: !existsSync('/dev/full') },
    async () => {
      const group = cli.unique('full')
      const startMs = performance.now()
      const said = await run(
        'bash',
        ['-c', `exec "$0" "$@" > /dev/full`, process.execPath, builtCommand, 'consume', topic, '-g', group],
        { env: { KAFKA_BROKERS: cli.bootstrap } }
      )
      assert.equal(said.code, 1, said.stderr)
      assert.equal(said.stderr.match(/takes nothing more/g)?.length, 1, said.stderr)
      assert.ok(performance.now() - startMs < 10_000)
      const { members, partitions } = JSON.parse(await cli.text(['groups', 'describe', group, '-o', 'json']))
      assert.deepEqual(members, [])
      // Where it began to read is the group's place from its start on; of what it read nothing is.
      assert.deepEqual(
        partitions.map(({ committed }: { committed: unknown }) => committed),
        [0]
      )
    }
  )

  test('what removes data is suggested only for a word that begins as it does', () => {
    const explained = (typed: string) =>
      fromParser(new CommanderError(1, '', `error: unknown command '${typed}'`), ['topics', typed])?.why
    for (const typed of ['xyz', 'xrim', 'elete', 'dm']) assert.equal(explained(typed), undefined, typed)
    assert.equal(explained('trm'), 'did you mean topics trim?')
    assert.equal(explained('lst'), 'did you mean topics list?')
  })
})
