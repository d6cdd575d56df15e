/** What was left out is told by every command alike: the line as it was typed, with the word that is to be filled in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import { CliError } from '../../src/cli/cli-error.ts'
import {
  type CommandDefinition,
  type CommandGroup,
  flagsOf,
  isRequired,
  namesOf,
  wordOf
} from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { globalOptionDefinitions } from '../../src/cli/global-options.ts'
import { ourLineFor } from '../../src/cli/other-tools.ts'
import { checkLine, fromParser } from '../../src/cli/parser-errors.ts'
import { buildProgram, replaceSynonyms } from '../../src/cli/program.ts'

interface Typed {
  readonly path: readonly string[]
  readonly command: CommandDefinition
}

/** Every command by every name that it has. */
function everyCommand(): Typed[] {
  const under = (path: readonly string[], entry: CommandDefinition | CommandGroup): Typed[] =>
    namesOf(entry).flatMap((name) =>
      'commands' in entry
        ? entry.commands.flatMap((command) => under([...path, name], command))
        : [{ path: [...path, name], command: entry }]
    )
  return commands.filter((entry) => !('hidden' in entry && entry.hidden)).flatMap((entry) => under([], entry))
}

async function refusalOf(words: readonly string[]): Promise<CliError | undefined> {
  try {
    checkLine(words)
    const program = buildProgram(words, async () => {})
    await program.parseAsync(replaceSynonyms(words), { from: 'user' })
    return undefined
  } catch (error) {
    if (error instanceof CliError) return error
    assert.ok(error instanceof CommanderError, `${words}: ${error}`)
    return fromParser(error, words)
  }
}

/** What means something else to who comes from another tool: kaf's -f follows, rpk's -o is a place. */
const othersMean = /^(consume .*-f|topics? trim .*-o)$/

test('an option of any command without its value: the same line, with the value to be filled in', async () => {
  let tried = 0
  for (const { path, command } of everyCommand()) {
    const given = (command.arguments ?? []).filter(isRequired).map(wordOf)
    for (const option of [...(command.options ?? []), ...globalOptionDefinitions]) {
      for (const flag of option.flags.includes('<') ? flagsOf(option) : []) {
        for (const words of [
          [...path, ...given, flag],
          [...path, flag]
        ]) {
          const line = words.join(' ')
          if (othersMean.test(line)) continue
          const { message, next = '' } = (await refusalOf(words)) ?? {}
          assert.equal(message, `${flag} needs a value`)
          assert.match(next, /^odradek .* '?[A-Z][A-Z=:/-]*'?$/, line)
          assert.equal(next.slice(0, next.lastIndexOf(' ')), `odradek ${line}`)
          tried++
        }
      }
    }
  }
  assert.ok(tried > 300, `${tried}`)
})

test('any command without its argument: the same line, with the argument to be filled in', async () => {
  let tried = 0
  for (const { path, command } of everyCommand()) {
    const [argument] = (command.arguments ?? []).filter(isRequired)
    if (argument === undefined) continue
    for (const words of [path, [...path, '--timeout', '5s']]) {
      const { message, next } = (await refusalOf(words)) ?? {}
      assert.equal(message, `the ${wordOf(argument)} is missing`, words.join(' '))
      assert.equal(next, `odradek ${words.join(' ')} ${wordOf(argument).toUpperCase()}`)
      tried++
    }
  }
  assert.ok(tried > 50, `${tried}`)
})

test('a word too many is named, with the line without it, or with the option that a number was meant for', async () => {
  const lines: ReadonlyArray<readonly [typed: string, what: RegExp, next: string]> = [
    ['demo 3', /^demo takes options only, and "3" is one too many$/, 'odradek demo --brokers 3'],
    ['learn offset group', /^learn takes CONCEPT only, and "group" is/, 'odradek learn offset'],
    ['topics create a 3', /^topics create takes TOPIC only, and "3" is/, 'odradek topics create a --partitions 3'],
    ['topics list a b', /^topics list takes GLOB only, and "b" is/, 'odradek topics list a'],
    ['serve 9093', /^serve takes options only, and "9093" is none$/, 'odradek serve --port 9093']
  ]
  for (const [typed, what, next] of lines) {
    const refusal = await refusalOf(typed.split(' '))
    assert.match(refusal?.message ?? '', what)
    assert.equal(refusal?.next, next)
  }
  const { next } = (await refusalOf(['topics', 'trim', 'a', 'b', '--before', 'end', '--yes'])) ?? {}
  assert.equal(next, 'odradek topics trim --help', 'nobody is told to remove what he may not have meant')
})

test('transactions have the short names that people type', async () => {
  for (const line of ['txn list', 'tx ls', 'transaction list'])
    assert.equal(await refusalOf(line.split(' ')), undefined)
})

test("the words of Apache's scripts are no names of ours", () => {
  const answered = (line: string) => ourLineFor(line.split(' '))
  assert.equal(answered('kafka-transactions.sh list'), 'odradek transactions list')
  assert.equal(answered('kafka-transactions.sh describe'), 'odradek transactions describe TRANSACTIONAL-ID')
  assert.equal(
    answered('kafka-transactions.sh --bootstrap-server a:1 describe --transactional-id pay'),
    'odradek transactions describe pay --bootstrap-server a:1'
  )
  assert.equal(
    answered('bin/kafka-transactions.sh abort --topic o --partition 0 --start-offset 3'),
    'odradek transactions abort --topic o --partition 0 --start-offset 3'
  )
})
