/** What is said of a group's offsets that lie where nothing is any more, or where nothing ever was. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { temporaryDirectory } from '../harness/paths.ts'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

suite('offsets of a group', { skip: unavailable() }, () => {
  let cli: CommandLine
  const directory = temporaryDirectory('offsets')
  before(async () => {
    cli = await openCommandLine()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    directory.remove()
  })

  async function topicOf(records: number): Promise<string> {
    const topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', '1'])
    await cli.text(['produce', topic, '--template', '{{n}}', '-n', String(records)])
    return topic
  }

  test('records that are deleted are no lag, in the list of topics as in what is said of the group', async () => {
    const [topic, group] = [await topicOf(100), cli.unique('group')]
    await cli.text(['groups', 'reset', group, '--to', '10', '--topic', topic, '--execute'])
    await cli.text(['topics', 'trim', topic, '--before', '90', '--yes'])
    const [listed] = await cli.rows(['topics', 'list', topic, '--lag'])
    const [described] = await cli.rows(['groups', 'describe', group])
    assert.deepEqual([listed?.lag, described?.lag], [{ [group]: 10 }, 10])
  })

  test('groups reset --from-file names the partitions that are not there, and its exit code says that a part failed', async () => {
    const [topic, group, file] = [await topicOf(5), cli.unique('group'), join(directory.path, 'offsets.csv')]
    writeFileSync(file, `${topic},0,3\n${topic},7,3\ngone,0,3\n`)
    const reset = (...args: string[]) => cli.run(['groups', 'reset', group, '--from-file', file, '--execute', ...args])
    const all = await reset()
    assert.equal(all.code, 6, all.stderr)
    assert.match(all.stderr, new RegExp(`there is no partition ${topic}:7, gone:0: nothing is moved there`))
    assert.match(all.stderr, /1 offset moved/)
    const some = await reset('--topic', `${topic}:0`)
    assert.equal(some.code, 0, some.stderr)
    assert.doesNotMatch(some.stderr, /there is no partition/)
  })
})
