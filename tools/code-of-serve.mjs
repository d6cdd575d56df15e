/**
 * Writes the code that V8 makes of dist/cli/serve.script.js beside it (src/cli/load-serve.ts reads it): starts the broker
 * once as `odradek serve` does and asks it for its metadata, so that what a start runs is compiled. Takes no options.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

const filename = fileURLToPath(new URL('../dist/cli/serve.script.js', import.meta.url))
const v8Version = process.versions.v8.replace(/-.*/, '')
/** Metadata, version 1, of no topic: size, key, version, correlation id, no client id, an empty list. */
const metadataRequest = Buffer.from('0000000e0003000100000001ffff00000000', 'hex')

const script = new Script(readFileSync(filename, 'utf8'), { filename })
const exported = {}
script.runInThisContext()(exported, createRequire(filename), filename)

const data = mkdtempSync(join(tmpdir(), 'odradek-build-'))
const write = process.stdout.write
try {
  const ready = new Promise((resolve) => {
    process.stdout.write = (line, written) => {
      if (String(line).startsWith('{')) resolve(JSON.parse(line))
      written?.()
      return true
    }
  })
  const ended = exported.runProgram(['serve', '--quiet', '--port', '0', '--data', data, '-o', 'json'])
  const { brokers } = await Promise.race([
    ready,
    ended.then((code) => {
      throw new Error(`serve ended with ${code}`)
    })
  ])
  await askForMetadata(Number(brokers[0].split(':').at(-1)))
  writeFileSync(`${filename}.${v8Version}.code`, script.createCachedData())
  process.kill(process.pid, 'SIGTERM')
  await ended
} finally {
  process.stdout.write = write
  rmSync(data, { recursive: true, force: true })
}
process.exit(0)

function askForMetadata(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(metadataRequest))
    socket.on('error', reject)
    socket.once('data', () => {
      socket.destroy()
      resolve()
    })
  })
}
