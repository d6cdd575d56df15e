/** What withkafka/exec.sh says and does where no broker is needed, and how it drives Docker Compose. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { runToSuccess } from '../harness/child-process.ts'
import { freePort } from '../harness/free-port.ts'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory, temporaryDirectory } from '../harness/paths.ts'
import { found, shellcheck, skipUnless } from '../harness/tools.ts'
import { Exec, execSh } from './exec-sh.ts'

test('exec.sh is clean for shellcheck', { skip: skipUnless(shellcheck()) }, async () => {
  const scripts = ['exec.sh', 'exec.jars.sh', 'exec.docker.sh'].map((name) => join(projectDirectory, 'withkafka', name))
  await runToSuccess(found(shellcheck()), ['--external-sources', ...scripts])
})

test('--help names every command, and everything that a command reads from the environment', async () => {
  using scratch = temporaryDirectory('exec')
  const help = await new Exec(scratch.path).done('--help')
  for (const line of help.split('\n')) assert.ok(line.length <= 80, line)
  const script = readFileSync(execSh, 'utf8')
  const cases = script.slice(script.indexOf('case $command in'))
  for (const [, command] of cases.matchAll(/^ {2}([a-z-]+)\)/gm))
    assert.match(help, RegExp(`^ {2}.*\\b${command}\\b`, 'm'))
  for (const [, name] of script.matchAll(/=\$\{(KAFKA_\w+):-/g)) assert.match(help, RegExp(`^ {2}${name} `, 'm'))
})

const wrong: [args: string[], what: RegExp][] = [
  [['up', 'many'], /cannot start 'many'/],
  [['up', 'single', 'cluster'], /too many arguments: cluster/],
  [['down', '--data'], /unknown option '--data'/],
  [['wait', 'long'], /'long' is not a number of seconds/],
  [['start'], /unknown command 'start'/]
]
for (const [args, what] of wrong) {
  test(`exec.sh ${args.join(' ')} is wrong usage: three lines, exit code 2`, async () => {
    using scratch = temporaryDirectory('exec')
    const { code, stdout, stderr } = await new Exec(scratch.path).run(args)
    assert.equal(code, 2)
    assert.equal(stdout.length, 0)
    assert.match(stderr, what)
    assert.match(stderr, /^error: .*\n {2}why: .*\n {2}try: .*\n$/)
  })
}

test('without a command exec.sh shows its help as an error', async () => {
  using scratch = temporaryDirectory('exec')
  const { code, stdout, stderr } = await new Exec(scratch.path).run([])
  assert.equal(code, 2)
  assert.equal(stdout.length, 0)
  assert.match(stderr, /up \[single\|cluster\|zookeeper\]/)
})

test('when nothing is up, asking for a broker is exit code 3, and down has nothing to do', async () => {
  using scratch = temporaryDirectory('exec')
  const exec = new Exec(scratch.path)
  for (const args of [['status'], ['wait'], ['logs'], ['stop-broker', '1'], ['start-broker', '1']]) {
    const { code, stderr } = await exec.run(args)
    assert.equal(code, 3, args.join(' '))
    assert.match(stderr, /^error: no broker is up\n {2}why: .*\n {2}try: exec\.sh up\n$/)
  }
  assert.equal((await exec.run(['down'])).stderr, 'Nothing is up.\n')
})

/** A directory of programs for PATH: those of the system that are named, and scripts of our own. */
function programs(directory: string, system: readonly string[], own: Readonly<Record<string, string>> = {}): string {
  const path = join(directory, 'bin')
  mkdirSync(path)
  for (const name of system) symlinkSync(systemProgram(name), join(path, name))
  for (const [name, script] of Object.entries(own)) {
    writeFileSync(join(path, name), `#!/bin/bash\n${script}\n`)
    chmodSync(join(path, name), 0o755)
  }
  return path
}

function systemProgram(name: string): string {
  const directory = (process.env.PATH ?? '').split(':').find((candidate) => existsSync(join(candidate, name)))
  if (directory === undefined) throw new Error(`this machine has no ${name}`)
  return join(directory, name)
}

const everyday = [
  'bash',
  'dirname',
  'basename',
  'sed',
  'mkdir',
  'rm',
  'cmp',
  'sleep',
  'cut',
  'cat',
  'tail',
  'head',
  'grep'
]
const java17 = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`

const missing: [name: string, own: Record<string, string>, why: RegExp][] = [
  ['no Docker and no Java', {}, /no Docker engine answers, and there is no Java 17 or newer/],
  ['no Docker and an old Java', { java: `echo 'openjdk version "11.0.2" 2019-01-15' >&2` }, /\(this one is 11\)/],
  ['no Docker and no Maven to fetch the jars', { java: java17 }, /there is no Maven/]
]
for (const [name, own, why] of missing) {
  test(`${name}: up says so, offers the embedded broker, and leaves nothing`, async () => {
    using scratch = temporaryDirectory('exec')
    const state = join(scratch.path, 'state')
    const env = { PATH: programs(scratch.path, everyday, own), JAVA_HOME: '', KAFKA_PORT: String(await freePort()) }
    const { code, stderr } = await new Exec(state, env).run(['up'])
    assert.equal(code, 1)
    assert.match(stderr, why)
    assert.match(stderr, /try: npx odradek serve/)
    assert.equal(existsSync(join(state, 'up')), false)
  })
}

test('Maven that fails is shown with its reason, and the jars are not taken for complete', async () => {
  using scratch = temporaryDirectory('exec')
  const mvn = 'echo "[INFO] Scanning"; echo "[ERROR] repo1 is unknown"; echo "[ERROR] To see more, …"; exit 1'
  const own = { java: java17, mvn }
  const env = { PATH: programs(scratch.path, everyday, own), JAVA_HOME: '', KAFKA_PORT: String(await freePort()) }
  const { code, stderr } = await new Exec(scratch.path, env).run(['up'])
  assert.equal(code, 1)
  assert.match(stderr, /fetching Apache Kafka 4\.4\.0 with Maven/)
  assert.match(stderr, /with Maven\n\[ERROR\] repo1 is unknown\n(.*\n)?error: the jars could not be fetched/)
  assert.equal(existsSync(join(scratch.path, 'jars', 'kraft', 'pom.xml')), false)
})

test('what is left of an earlier up, after a reboot, does not choose the port of the next', async () => {
  using scratch = temporaryDirectory('exec')
  writeFileSync(join(scratch.path, 'up'), 'jars single 1 2\n')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { stderr } = await new Exec(scratch.path, { KAFKA_PORT: String(port) }).run(['up'])
  server.close()
  assert.match(stderr, RegExp(`error: port ${port} is taken`))
})

test('a port that is taken is named before anything starts', async () => {
  using scratch = temporaryDirectory('exec')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { code, stderr } = await new Exec(scratch.path, { KAFKA_PORT: String(port) }).run(['up'])
  server.close()
  assert.equal(code, 1)
  assert.match(stderr, RegExp(`error: port ${port} is taken`))
  assert.equal(existsSync(join(scratch.path, 'up')), false)
})

/** Docker as exec.sh sees it: writes down what it is asked, and has our own broker where a container would be. */
const DOCKER = `
echo "$*" >>"$CALLS"
running() { [ -f "$CALLS.pid" ] && kill -0 "$(cat "$CALLS.pid")" 2>/dev/null; }
start() { nohup node "$ODRADEK" serve --memory --port "$KAFKA_PORT" >/dev/null 2>&1 & echo $! >"$CALLS.pid"; }
stop() { running && kill "$(cat "$CALLS.pid")"; while running; do sleep 0.05; done; }
case "$*" in
  info | 'compose version' | *' down'*) ;;
  *' up -d' | *' start kafka') start ;;
  *' stop kafka' | *' rm --stop '*) stop ;;
  *' ps -q kafka') [ -f "$CALLS.pid" ] && echo 0123456789abcdef ;;
  inspect*) if running; then echo true; else echo false; fi ;;
  *) echo "docker was asked something new: $*" >&2; exit 64 ;;
esac
`

test(
  'with a Docker engine every command goes to Docker Compose, and what it started is stopped by it',
  { skip: skipUnless(odradek()) },
  async () => {
    using scratch = temporaryDirectory('exec')
    const calls = join(scratch.path, 'calls')
    const path = `${programs(scratch.path, [], { docker: DOCKER })}:${process.env.PATH}`
    const port = String(await freePort())
    const exec = new Exec(join(scratch.path, 'state'), {
      PATH: path,
      KAFKA_PORT: port,
      CALLS: calls,
      ODRADEK: found(odradek())
    })
    const told = async (...args: string[]) => {
      writeFileSync(calls, '')
      await exec.done(...args)
      const compose = `compose -f ${join(dirname(execSh), 'docker-compose.yml')} `
      return readFileSync(calls, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(compose) && !line.includes(' ps '))
        .map((line) => line.slice(compose.length))
    }
    try {
      assert.deepEqual(await told('up'), ['--profile single up -d'])
      assert.match(await exec.done('status'), RegExp(`1 +localhost:${port} +answers +container 0123456789ab`))
      assert.deepEqual(await told('stop-broker', '1'), ['--profile single stop kafka'])
      assert.deepEqual(await told('start-broker', '1'), ['--profile single start kafka'])
    } finally {
      assert.deepEqual(await told('down'), ['--profile single rm --stop --force -v', '--profile single down'])
    }
    assert.deepEqual(
      await told('down', '--delete-data'),
      ['single', 'cluster', 'zookeeper'].map((profile) => `--profile ${profile} down --volumes`)
    )
  }
)
