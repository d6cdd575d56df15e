/**
 * The house rules that a linter cannot see: who may import whom, where the outside world may be touched, how long a file is,
 * and which words and names do not belong. Runs as a part of `npm run lint`, and as `test/house.test.ts`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface SourceFile {
  /** From the root of the project, with '/'. */
  readonly path: string
  readonly text: string
}

const FOLDERS = ['src', 'test', 'tools', 'bench', 'withkafka', 'withoutkafka']
const LINES_MAX = 600

/** Each room may import from those before it, and from itself. */
const ROOMS = ['host', 'protocol', 'log', 'coordination', 'controller', 'broker', 'cluster', 'server', 'index']
/** Looks into a stopped broker's files; no room that serves has need of it. */
const INSPECTION_READS = ['host', 'protocol', 'log', 'coordination']
/** The commands speak to brokers through a client library; only `serve` starts one, and these look into its files or open the console. */
const CLI_SERVE = /^src\/cli\/serve[./]/
const CLI_CONSOLE = /^src\/cli\/console\//
const CONSOLE_APP = /^src\/console\/app\//
const CLI_INSPECTION = /^src\/cli\/(check|dump|graduate)[./]/
/** Bytes to bytes, knowing no broker: the client library's own snappy and zstd fall short of Java's, so the CLI borrows these. */
const CLI_CODEC = { from: 'src/cli/compression.ts', to: 'src/protocol/records/compression/codec.ts' }

const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`)
const VAGUE_NAME = /\bclass\s+\w*(Manager|Helper|Util|Utils|Base)\b/
const VAGUE_FOLDER = /(^|\/)(utils?|helpers?|common|misc|shared|lib)\//
const OUTSIDE: readonly [what: string, pattern: RegExp][] = [
  ['node:fs', /from '(node:)?fs(\/promises)?'/],
  ['node:net', /from '(node:)?(net|tls|dgram|http|https)'/],
  ['node:timers', /from '(node:)?timers(\/promises)?'|\bset(Timeout|Interval)\(/],
  ['the time', /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/],
  ['chance', /\bMath\.random\b|\brandom(Bytes|UUID|Int|FillSync)\(/]
]
/** What runs there belongs to a broker, and so does its mistake: `src/host/unattended.ts` brings it to light. */
const OF_A_BROKER = /^src\/(log|coordination|controller|broker|cluster)\//
const UNGUARDED = /\bqueueMicrotask\(/
const MAY_TOUCH_OUTSIDE = /^src\/(host\/node|cli|console)\//

/** What is not as the house wants it, one line each. */
export function tidyFindings(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [
    ...lengthFindings(file),
    ...nameFindings(file),
    ...(file.path.startsWith('src/')
      ? [...directionFindings(file), ...outsideFindings(file), ...unguardedFindings(file)]
      : [])
  ])
}

function isGenerated(path: string): boolean {
  return path.includes('/generated/') || path.includes('/fixtures/')
}

function lengthFindings({ path, text }: SourceFile): string[] {
  const lines = text.split('\n').length - 1
  if (isGenerated(path) || lines <= LINES_MAX) return []
  return [`${path}: ${lines} lines; ${LINES_MAX} are the limit: which second idea moved in?`]
}

function nameFindings({ path, text }: SourceFile): string[] {
  const findings: string[] = []
  if (VAGUE_FOLDER.test(path) && !isGenerated(path))
    findings.push(`${path}: a folder named after nothing; name it after what it is`)
  for (const [index, line] of text.split('\n').entries()) {
    const word = UNFINISHED.exec(line)?.[1]
    if (word) findings.push(`${path}:${index + 1}: ${word}: finish it, or leave it out`)
    if (VAGUE_NAME.test(line)) findings.push(`${path}:${index + 1}: a class named after nothing: ${line.trim()}`)
  }
  return findings
}

function roomOf(path: string): string {
  const [, first = ''] = path.split('/')
  return first.replace(/\.ts$/, '')
}

/** The files that one imports for more than their types. */
function importsOf({ path, text }: SourceFile): string[] {
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm)
  return [...statements].map((match) =>
    normalize(join(dirname(path), match[1] ?? match[2] ?? ''))
      .split(sep)
      .join('/')
  )
}

function directionFindings(file: SourceFile): string[] {
  const from = roomOf(file.path)
  return importsOf(file)
    .filter((imported) => imported.startsWith('src/'))
    .filter((imported) => !mayImport(file.path, from, roomOf(imported)) || isBehindThePage(file.path, imported))
    .filter((imported) => !(file.path === CLI_CODEC.from && imported === CLI_CODEC.to))
    .map((imported) => `${file.path}: ${from} may not import ${imported}`)
}

function mayImport(path: string, from: string, to: string): boolean {
  if (from === to || to === 'limits' || to === 'invariant') return true
  if (CLI_INSPECTION.test(path)) return to === 'inspection' || INSPECTION_READS.includes(to)
  // The console reads clusters as the commands do.
  if (from === 'console') return to === 'cli'
  if (CLI_CONSOLE.test(path) && to === 'console') return true
  if (from === 'cli' || from === 'learn') return CLI_SERVE.test(path) && to !== 'cli'
  if (from === 'inspection') return INSPECTION_READS.includes(to)
  if (from === 'testing') return ROOMS.includes(to)
  if (from === 'index') return to !== 'cli' && to !== 'console'
  const [own, other] = [ROOMS.indexOf(from), ROOMS.indexOf(to)]
  return other !== -1 && other < own
}

/** The page runs in a browser: it knows of the rest what is said over HTTP. */
function isBehindThePage(path: string, imported: string): boolean {
  return CONSOLE_APP.test(path) && !CONSOLE_APP.test(imported) && imported !== 'src/console/wire.ts'
}

function outsideFindings({ path, text }: SourceFile): string[] {
  if (MAY_TOUCH_OUTSIDE.test(path)) return []
  const code = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/\/\/.*$/gm, '')
  return code
    .split('\n')
    .flatMap((line, index) =>
      OUTSIDE.filter(([, pattern]) => pattern.test(line) && !line.startsWith('import type')).map(
        ([what]) => `${path}:${index + 1}: touches ${what}; only src/host/node may (it receives a Host)`
      )
    )
}

function unguardedFindings({ path, text }: SourceFile): string[] {
  if (!OF_A_BROKER.test(path)) return []
  return text
    .split('\n')
    .flatMap((line, index) =>
      UNGUARDED.test(line)
        ? [`${path}:${index + 1}: a mistake here would end the process: atEndOfTurn of src/host/unattended.ts`]
        : []
    )
}

export function projectFiles(root: string): SourceFile[] {
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(tsx?|mjs)$/.test(name) && !name.includes('node_modules'))
      .map((name) => join(folder, name))
      .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(root, path), 'utf8') }))
  )
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = relative('', join(import.meta.dirname, '..')) || '.'
  const findings = tidyFindings(projectFiles(root))
  for (const finding of findings) process.stdout.write(`${finding}\n`)
  process.stdout.write(findings.length === 0 ? 'The house is tidy.\n' : `${findings.length} findings\n`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
