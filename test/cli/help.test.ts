/** What the commands say of themselves, at the 80 columns that a terminal has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commands } from '../../src/cli/commands.ts'
import { firstSteps } from '../../src/cli/first-steps.ts'
import { wrap } from '../../src/cli/fold.ts'
import { globalOptionDefinitions } from '../../src/cli/global-options.ts'
import { DeclaredOption, ReadableHelp, wrapNotes } from '../../src/cli/help.ts'
import { ourLineFor, ourPlace } from '../../src/cli/other-tools.ts'
import { buildProgram, replaceSynonyms } from '../../src/cli/program.ts'
import { mostSimilar } from '../../src/cli/similar.ts'

function helpOf(command: Command): string {
  const chunks: string[] = []
  command.configureOutput({ writeOut: (chunk) => void chunks.push(chunk), getOutHelpWidth: () => 80 })
  command.outputHelp()
  return chunks.join('')
}

const program = () => buildProgram([], async () => {})
const visible = (command: Command): Command[] =>
  [command, ...command.commands.flatMap(visible)].filter((one) => !/^demo-|^completion-words/.test(one.name()))

test('no line of any help is wider than 80 columns, but for a line to type', () => {
  for (const command of visible(program())) {
    for (const line of helpOf(command).split('\n')) {
      const isToType = /^ +(npx )?odradek /.test(line)
      assert.ok(line.length <= 80 || isToType, `${command.name()}: ${line}`)
    }
  }
  for (const line of firstSteps(commands).split('\n')) assert.ok(line.length <= 80, line)
})

test("a command's help has its own options, and those of every command behind one line", () => {
  const consume = visible(program()).find((command) => command.name() === 'consume')
  assert.ok(consume)
  const help = helpOf(consume)
  assert.match(help, /--from <place> /)
  assert.doesNotMatch(help, /--command-config|--utc/)
  assert.match(help, /Options of every command.*\n {2}(npx )?odradek help options/)
})

test('an option that may be given several times says so, and no other', () => {
  const serve = visible(program()).find((one) => one.name() === 'serve')
  assert.ok(serve)
  assert.match(helpOf(serve), /--topic <name\[:partitions\]>\s+create this topic if it is not there \(repeatable\)/)
  const declared = commands.flatMap((entry) => ('commands' in entry ? entry.commands : [entry]))
  const help = new ReadableHelp()
  for (const definition of [...globalOptionDefinitions, ...declared.flatMap((one) => one.options ?? [])]) {
    const said = help.optionDescription(new DeclaredOption(definition))
    assert.equal(/\brepeatable\)$/.test(said), definition.repeatable === true, `${definition.flags}: ${said}`)
  }
})

test('what holds without an option is told one way, and once', () => {
  const declared = commands.flatMap((entry) => ('commands' in entry ? entry.commands : [entry]))
  const help = new ReadableHelp()
  for (const definition of [...globalOptionDefinitions, ...declared.flatMap((one) => one.options ?? [])]) {
    const said = help.optionDescription(new DeclaredOption(definition))
    assert.doesNotMatch(definition.description, /\bdefault\)|\bdefault [\d.:/a-z]+\)/, definition.flags)
    const holds = definition.default ?? definition.otherwise
    assert.equal(said.split('default: ').length - 1, holds === undefined ? 0 : 1, said)
    assert.doesNotMatch(said, /\) \(/, 'two notes behind one another')
  }
  for (const { description } of declared.flatMap((one) => one.arguments ?? []))
    assert.doesNotMatch(description, /\((?!default: )[^()]*\)$/)
})

test('choices that the meaning explains are not listed again', () => {
  const said = (flag: string) => {
    const command = flag === '--durability' ? 'serve' : 'produce'
    const option = visible(program())
      .find((one) => one.name() === command)
      ?.options.find((one) => one.long === flag)
    assert.ok(option)
    return new ReadableHelp().optionDescription(option)
  }
  assert.match(said('--durability'), /as with Kafka \(default: disk\)$/)
  assert.match(said('--acks'), /0: sent \(default: all\)$/)
  assert.match(said('--input'), /\(text, json, jsonl, raw, hex; default: text\)$/)
})

test('a command is shown with the other words for it', () => {
  // The help of all shows how to begin instead; a noun's other word is told nowhere else than in its own usage line.
  for (const command of visible(program()).filter((one) => one.parent !== null && one.commands.length > 0)) {
    for (const verb of command.commands)
      for (const alias of verb.aliases()) assert.ok(helpOf(command).includes(`${verb.name()}|${alias}`), alias)
  }
})

test('help for no command in particular is what a bare odradek shows: how to begin', () => {
  const page = helpOf(program())
  assert.equal(page, `${firstSteps(commands)}\n`)
  assert.match(page, /^First steps:$/m)
  assert.match(page, /odradek help options +the options that every command takes$/m)
})

test('text is wrapped between words; what stands in braces is one word', () => {
  assert.deepEqual(wrap('one two three', 8), ['one two', 'three'])
  assert.deepEqual(wrap('say {{pick a|b}} now', 8), ['say', '{{pick a|b}}', 'now'])
  assert.equal(wrapNotes('a b\nc\n  x  y\nd', 80), 'a b c\n  x  y\nd')
})

test("other tools' lines are answered with ours", () => {
  const ours = (line: string) => ourLineFor(line.split(' '))
  assert.match(ours('-L -b localhost') ?? '', /^odradek brokers list/)
  assert.equal(ours('topic consume orders'), 'odradek consume orders')
  assert.equal(ours('get topics'), 'odradek topics list')
  assert.equal(ours('group seek g'), 'odradek groups reset g --to PLACE')
  assert.equal(ours('nonsense'), undefined)
  for (const place of ['beginning', 'end', '-5', '42', '@1763920800000']) assert.equal(ourPlace(place), place)
  assert.equal(ourPlace('@1763920800'), '@1763920800000')
  for (const format of ['json', 'xml', 'text']) assert.equal(ourPlace(format), undefined)
})

test("other tools' options become ours, a topic by option an argument", () => {
  const ours = (line: string) => replaceSynonyms(line.split(' ')).join(' ')
  assert.equal(ours('consume --topic orders --from-beginning'), 'consume orders --from start')
  assert.equal(ours('consume -t orders -p 0 -G g -c 5'), 'consume orders --partitions 0 --group g --count 5')
  assert.equal(ours('consume --topic=orders -p0'), 'consume orders --partitions=0')
  assert.equal(ours('groups reset --group g --to-earliest --dry-run'), 'groups reset g --to earliest')
  assert.equal(ours('topics create orders -p 3'), 'topics create orders -p 3')
  assert.equal(ours('produce orders -p 1 -- -p'), 'produce orders --partition 1 -- -p')
})

test('a name that was mistyped is found again, another one is not', () => {
  const names = ['orders', 'payments', 'notifications']
  assert.equal(mostSimilar('order', names), 'orders')
  assert.equal(mostSimilar('ordres', names), 'orders')
  assert.equal(mostSimilar('Payments', names), 'payments')
  assert.equal(mostSimilar('notif', names), 'notifications')
  assert.equal(mostSimilar('inventory', names), undefined)
  assert.equal(mostSimilar('b', ['a', 'c']), undefined, 'names that share no letter are not alike')
})
