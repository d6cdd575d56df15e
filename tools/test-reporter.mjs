/**
 * How a test run is told: one line per test or suite of a file, failures in full, then node's own closing figures, then
 * what was skipped and why, and at the very end the failures once more. The skips also go to ODRADEK_SKIP_FILE, for `tools/test.ts` to judge.
 *
 * Plain JavaScript: node loads a reporter before the loader that understands TypeScript.
 */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} source */
async function* report(source) {
  const skips = []
  const failures = []
  let file = ''
  for await (const event of source) {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      const own = relative(process.cwd(), event.data.file ?? '')
      const { name, nesting, skip, details } = event.data
      if (skip !== undefined)
        skips.push({ file: own, name, reason: typeof skip === 'string' ? skip : 'no reason given' })
      if (own !== file) yield heading(own)
      file = own
      if (event.type === 'test:fail') {
        const why = failure(name, nesting, details.error)
        failures.push({ file: own, why })
        yield why
      }
      if (event.type === 'test:pass' && nesting === 0 && skip === undefined)
        yield `  ✔ ${name} (${Math.round(details.duration_ms)} ms)\n`
    } else if (event.type === 'test:diagnostic') {
      const own = event.data.file ? relative(process.cwd(), event.data.file) : file
      if (own !== file) yield heading(own)
      file = own
      yield told(event.data)
    } else if (event.type === 'test:stderr' || event.type === 'test:stdout') {
      yield event.data.message
    }
  }
  yield skipped(skips)
  yield failed(failures)
  if (process.env.ODRADEK_SKIP_FILE) writeFileSync(process.env.ODRADEK_SKIP_FILE, JSON.stringify(skips))
}

function heading(file) {
  return `\n${file}\n`
}

/** What a test said about itself, or one of node's closing figures. */
function told({ message, nesting, file }) {
  if (file !== undefined) return `${'  '.repeat(nesting + 1)}  ${message}\n`
  return message.startsWith('tests ') ? `\n# ${message}\n` : `# ${message}\n`
}

function failure(name, nesting, error) {
  const indent = '  '.repeat(nesting + 1)
  if (error.failureType === 'cancelledByParent') return `${indent}✖ ${name}: did not run\n`
  // A parent fails because a child did: the child has said why.
  const isEcho = error.failureType === 'subtestsFailed'
  const why = isEcho ? '' : `\n${typeof error.cause === 'string' ? error.cause : inspect(error.cause ?? error)}`
  return `${indent}✖ ${name}${why.replaceAll('\n', `\n${indent}    `)}\n`
}

function skipped(skips) {
  if (skips.length === 0) return '\nNothing was skipped.\n'
  const counts = new Map()
  for (const { file, reason } of skips) counts.set(`${file}: ${reason}`, (counts.get(`${file}: ${reason}`) ?? 0) + 1)
  const lines = [...counts].map(([where, count]) => `  ${where}${count > 1 ? ` (${count} tests)` : ''}\n`)
  return `\nSkipped:\n${lines.join('')}`
}

/** Every failure again: what is printed last is what is still seen when a long run's output was cut. */
function failed(failures) {
  if (failures.length === 0) return ''
  return `\nFailed:\n${failures.map(({ file, why }) => `${heading(file).trimStart()}${why}`).join('')}`
}

// biome-ignore lint/style/noDefaultExport: node takes a reporter from a module's default export only
export default report
