/** What a shell is told when Tab is pressed: the words that may stand there, and how bash sets them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { topicSettings } from '../../src/cli/topics/setting-names.ts'
import { topicConfigDefinitions } from '../../src/coordination/config/topic-config-definitions.ts'
import { runToSuccess } from '../harness/child-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { fish, skipUnless, zsh } from '../harness/tools.ts'
import { builtCommand, type CommandLine, openCommandLine, unavailable } from './command-line.ts'

suite('completion', { skip: unavailable() }, () => {
  let cli: CommandLine
  let topic: string
  const directory = temporaryDirectory('completion')
  before(async () => {
    cli = await openCommandLine()
    topic = cli.unique('orders')
    await cli.text(['topics', 'create', topic, '-p', '1'])
    writeFileSync(join(directory.path, 'odradek'), `#!/bin/sh\nexec "${process.execPath}" "${builtCommand}" "$@"\n`)
    chmodSync(join(directory.path, 'odradek'), 0o755)
    writeFileSync(join(directory.path, 'records.txt'), 'a\n')
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    directory.remove()
  })

  /** A shell that finds our command, in a directory with a file. */
  async function inShell([shell = '', ...words]: readonly string[]): Promise<string> {
    const env = { PATH: `${directory.path}:${process.env.PATH}`, KAFKA_BROKERS: cli.bootstrap }
    return (await runToSuccess(shell, words, { env, cwd: directory.path })).toString()
  }

  test('a shell completes commands, options, topics and groups', async () => {
    const words = async (...typed: string[]) =>
      (await cli.text(['completion-words', '--', ...typed])).trim().split('\n')
    assert.deepEqual(await words('cons'), ['consume', 'console'])
    assert.deepEqual(await words('topics', 'des'), ['describe'])
    assert.ok((await words('consume', '--fr')).includes('--from'))
    assert.deepEqual(await words('consume', topic.slice(0, -1)), [topic])
    assert.deepEqual(await words('produce', topic, '--acks', 'a'), ['all'])
    assert.deepEqual(await words('help', 'topics', 'des'), ['describe'])
    assert.deepEqual(await words('-b', cli.bootstrap, 'consu'), ['consume'])
    assert.deepEqual(await words('--utc', '-b', cli.bootstrap, 'topics', 'des'), ['describe'])
    assert.deepEqual(await words('--ut'), ['--utc'])
    assert.deepEqual(await words('-b', 'topics', 'consu'), ['consume'])
    assert.deepEqual(await words('topics', '-q', 'des'), ['describe'])
    assert.deepEqual(await words('produce', '-k', '-b', topic.slice(0, -1)), [topic])
    assert.deepEqual(await words('-o', 'jsonl'), ['jsonl'])
    assert.deepEqual(await words('consume', '-n', '1', topic, topic.slice(0, -1)), [topic])
    assert.deepEqual(await words('produce', '-k', 'key', topic.slice(0, -1)), [topic])
    for (const line of [
      ['produce', topic],
      ['topics', 'create']
    ])
      assert.deepEqual(await words(...line, topic.slice(0, -1)), [''], line.join(' '))
    assert.deepEqual(await words('learn', 'p'), ['producer', 'partition'])
    assert.deepEqual(await words('completion', 'z'), ['zsh'])
    assert.deepEqual(await words('groups', 'reset', 'g', '--to', ''), ['earliest', 'latest', 'current'])
    assert.deepEqual(await words('topics', 'create', 'x', '-c', 'retention.m'), ['retention.ms='])
    assert.deepEqual(await words('topics', 'alter', topic, '--delete-config', 'retention.m'), ['retention.ms'])
    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      assert.match(await cli.text(['completion', shell]), /odradek completion-words/)
    }
  })

  test('bash sets a space behind a whole word, and none where a value follows', async () => {
    const press = `compopt() { printf 'compopt %s %s\\n' "$@"; }
      complete_line() { COMP_WORDS=(odradek "$@"); COMP_CWORD=$#; _odradek_complete; echo "\${COMPREPLY[*]}"; }
      eval "$(odradek completion bash)"; complete_line learn of; complete_line topics create x -c retention.m`
    assert.equal(await inShell(['bash', '-c', press]), 'offset\ncompopt -o nospace\nretention.ms=\n')
  })

  test('zsh sets the same, and files where no word of ours may stand', { skip: skipUnless(zsh()) }, async () => {
    const press = `eval "$(odradek completion zsh)"
      compadd() { print -r -- "$@" : $found; }
      _files() { print files; }
      complete_line() { words=(odradek "$@"); CURRENT=$#words; _odradek_complete; }
      complete_line learn of; complete_line topics create x -c retention.m; complete_line consume ${topic.slice(0, -1)}
      complete_line consume '' -n 1; complete_line produce ${topic} -F rec`
    assert.deepEqual((await inShell(['zsh', '-f', '-c', press])).trimEnd().split('\n'), [
      '-a found : offset',
      '-S  -a found : retention.ms=',
      `-a found : ${topic}`,
      'files',
      'files'
    ])
  })

  test('fish sets the same, and files where no word of ours may stand', { skip: skipUnless(fish()) }, async () => {
    const lines = [
      'learn of',
      'topics create x -c retention.m',
      `consume ${topic.slice(0, -1)}`,
      `produce ${topic} -F rec`
    ]
    const press = lines.map((line) => `; complete -C 'odradek ${line}'`).join('')
    const said = await inShell(['fish', '--no-config', '-c', `odradek completion fish | source${press}`])
    assert.deepEqual(said.trimEnd().split('\n'), ['offset', 'retention.ms=', topic, 'records.txt'])
  })

  test('bash asks for the word as it is typed, and sets only what stands behind its last colon', async () => {
    const press = `eval "$(odradek completion bash)"
      odradek() { printf '%s|' "\${@:3}"; echo; printf '%s\n' team:readers team:writers; }
      complete_line() { COMP_LINE=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _odradek_complete; printf '%s\n' "\${COMPREPLY[@]}"; }
      complete_line 'odradek consume -b localhost:9093 ' odradek consume -b localhost : 9093 ''
      complete_line 'odradek consume  -g team:rea' odradek consume -g team : rea
      complete_line 'odradek consume -g team:' odradek consume -g team :`
    const said = await inShell(['bash', '-c', press])
    assert.deepEqual(said.trimEnd().split('\n'), [
      'consume|-b|localhost:9093||',
      'team:readers',
      'team:writers',
      'consume|-g|team:rea|',
      'readers',
      'writers',
      'consume|-g|team:|',
      'readers',
      'writers'
    ])
  })

  test('a broker that does not answer does not hold up who pressed Tab', async () => {
    const server = createTcpServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const lasted = once(server, 'connection').then(async ([socket]: Socket[]) => {
      const sinceMs = performance.now()
      socket?.on('error', () => {}).resume()
      await new Promise((resolve) => socket?.on('close', resolve))
      return performance.now() - sinceMs
    })
    const { port } = server.address() as AddressInfo
    assert.equal(await cli.text(['completion-words', '--', 'consume', '-b', `127.0.0.1:${port}`, '']), '')
    server.close()
    assert.ok((await lasted) < 1000, `${await lasted} ms`)
  })

  test('the settings of topics that are completed are those that a broker knows', () => {
    assert.deepEqual(topicSettings, Object.keys(topicConfigDefinitions))
  })
})
