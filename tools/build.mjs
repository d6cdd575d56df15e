/**
 * Builds the package into dist/. Takes no options.
 *
 * - index.cjs, index.js and their declarations: what programs load. Both lead to broker.cjs, one script with all it needs, so
 *   that a process which requires the package and imports it has one copy of it.
 * - cli/main.js: the command; chunks/: what each command needs, as modules.
 * - cli/serve.script.js: `serve` with the broker a second time, as one script with the code that V8 makes of it
 *   (src/cli/load-serve.ts); cli/zstd.js: what it reads zstd with on a Node without.
 * - console/: the page that `odradek console` serves.
 * - package.json and the pages beside it: what `npm pack ./dist` packs (tools/manifest.mjs).
 */
import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writePackage } from './manifest.mjs'
import { orSay } from './or-say.mjs'

const { build, transform } = await import('esbuild').catch(
  orSay('what the build needs is not installed', 'there is no esbuild in node_modules/')
)

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const require = createRequire(import.meta.url)

/** Native or optional: looked up at run time, done without if absent. */
const external = ['@foxglove/wasm-zstd', '@node-rs/crc32', 'protobufjs']

/** An uncaught error shows the line that threw it: whole files on one line would bury its message. */
const lineLimit = 120

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  external,
  minifySyntax: true,
  metafile: true,
  logLevel: 'warning'
}

function sizeOf({ metafile }) {
  return Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
}

/**
 * Whoever bundles a program of his as one module has neither `require` nor `__filename` in it. All that the broker requires is part
 * of Node; what else it looks for, it looks for where the program lies.
 */
const asPartOfAnything =
  "'use strict';var require = process.getBuiltinModule, __here = typeof __filename === 'string' ? __filename : process.argv[1]"

/** Written with its white space: this code stands in the stack traces of other people's programs. */
async function bundlePackage() {
  const result = await build({
    ...common,
    entryPoints: { broker: 'src/index.ts' },
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: { 'import.meta.url': '__here' },
    banner: { js: asPartOfAnything },
    legalComments: 'eof'
  })
  await writeEntries(Object.keys(require(join(dist, 'broker.cjs'))))
  return sizeOf(result)
}

/**
 * Node reads a CommonJS file from end to end for its exports when it is imported (0.1 s for the broker), but only the file that
 * is named: so this one names them.
 */
async function writeEntries(names) {
  const lines = names.map((name) => `exports.${name} = broker.${name}`)
  await writeFile(
    join(dist, 'index.cjs'),
    ["'use strict'", "const broker = require('./broker.cjs')", ...lines, ''].join('\n')
  )
  await writeFile(join(dist, 'index.js'), `export { ${names.join(', ')} } from './index.cjs'\n`)
}

async function bundleCommands() {
  const result = await build({
    ...common,
    entryPoints: { 'chunks/program': 'src/cli/program.ts' },
    outdir: dist,
    splitting: true,
    format: 'esm',
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [leanClient, leanParser],
    // The same WebAssembly, carried inside the module instead of beside it.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    // Bundled CommonJS packages call `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire(import.meta.url)"
    },
    legalComments: 'eof',
    minifyWhitespace: true,
    lineLimit
  })
  return sizeOf(result)
}

/** For browsers: one script and one sheet, and nothing that is fetched from elsewhere. */
async function bundleConsole() {
  const app = join(root, 'src', 'console', 'app')
  const result = await build({
    ...common,
    platform: 'browser',
    target: 'es2022',
    external: [],
    entryPoints: { app: join(app, 'main.tsx') },
    outdir: join(dist, 'console'),
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none'
  })
  for (const name of ['index.html', 'icon.svg', 'app.css']) await copyFile(join(app, name), join(dist, 'console', name))
  return sizeOf(result)
}

/** CommonJS, whatever the package's modules are. */
async function bundleMain() {
  await mkdir(join(dist, 'cli'), { recursive: true })
  await writeFile(join(dist, 'cli', 'package.json'), '{ "type": "commonjs" }\n')
  const result = await build({
    ...common,
    entryPoints: { main: 'src/cli/main.ts' },
    outdir: join(dist, 'cli'),
    format: 'cjs',
    plugins: [programAside],
    define: { 'import.meta.url': '__url' },
    banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href" },
    legalComments: 'none'
  })
  return sizeOf(result)
}

/** The commands are modules beside it. */
const programAside = {
  name: 'program-aside',
  setup(builder) {
    builder.onResolve({ filter: /^\.\/program\.ts$/ }, () => ({ path: '../chunks/program.js', external: true }))
  }
}

/** `serve` and nothing else: what other commands load is left out of the script, and never asked for. */
async function bundleServe() {
  const {
    outputFiles: [bundle]
  } = await build({
    ...common,
    entryPoints: { 'serve.script': 'src/cli/program.ts' },
    outdir: join(dist, 'cli'),
    write: false,
    format: 'cjs',
    plugins: [leanParser, halfCodecs, otherCommandsAside, onlyServeDeclared, wordsAside, zstdAside],
    define: { 'import.meta.url': '__scriptUrl' },
    legalComments: 'none'
  })
  const script = `${beforeServe}\n${await withShortLocals(bundle.text)}${afterServe}\n`
  await writeFile(join(dist, 'cli', 'serve.script.js'), script)
  await build({
    ...common,
    entryPoints: { zstd: 'fzstd' },
    outdir: join(dist, 'cli'),
    format: 'cjs',
    legalComments: 'eof',
    minifyWhitespace: true,
    lineLimit
  })
  return Buffer.byteLength(script)
}

const beforeServe =
  "(function(exports,require,__filename){'use strict';const module={exports:{}};const __scriptUrl=require('node:url').pathToFileURL(__filename).href"
const afterServe = 'exports.runProgram=module.exports.runProgram})'

/**
 * What functions call their parameters and variables, and classes their private fields, is an eighth of the script, and no error shows it:
 * there it is short. What a stack trace shows stays as it is written: the names of our classes, functions and methods. Of private methods
 * the text does not say for a moment that they are private, else they would be shortened.
 */
async function withShortLocals(text) {
  const mark = '$private$'
  const methods = new Set(
    Array.from(text.matchAll(/^ +(?:(?:static|async|get|set) )*\*?#(\w+)\(.*\{$/gm), ([, name]) => name)
  )
  // Each file begins in a function that has its path for a name; that is what a stack trace shows of it, and not what it is called by.
  const beginnings = new Map(Array.from(text.matchAll(/\b(init_\w+) = __esm/g), ([, name], at) => [name, `i$${at}`]))
  const named = text
    .replaceAll(/"src\/([^"]+)\.ts"\(\) \{/g, '"$1"() {')
    .replaceAll(/\binit_\w+/g, (name) => beginnings.get(name) ?? name)
  const marked = named.replaceAll(/#([A-Za-z]\w*)/g, (whole, name) => (methods.has(name) ? mark + name : whole))
  const { code } = await transform(marked, {
    platform: 'node',
    target: common.target,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    lineLimit
  })
  // Strict is the whole script, once.
  return code.replaceAll(mark, '#').replaceAll('"use strict";', '')
}

/** A broker reads requests and writes answers; the half of each codec that it never asks for is a tenth of the script. */
const halfCodecs = {
  name: 'half-codecs',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]protocol[\\/]generated[\\/]api[\\/].+\.ts$/ }, async ({ path }) => ({
      contents: await halfOf(path),
      loader: 'ts'
    }))
  }
}

/** The text of a codec without what a broker has no use for; of what requests and answers share, all of it. */
async function halfOf(path) {
  const text = await readFile(path, 'utf8')
  if (!/[\\/]api[\\/][a-z-]+-(request|response)\.ts$/.test(path)) return text
  const unused = path.endsWith('-request.ts') ? 'encode' : 'decode'
  const half = text.replace(new RegExp(`^  ${unused}\\([^]*?^  \\}`, 'm'), `  ${unused}() { throw 'not in serve' }`)
  if (half === text) throw new Error(`${path} has no ${unused}`)
  return half
}

const otherCommandsAside = {
  name: 'other-commands-aside',
  setup(builder) {
    builder.onResolve(
      // What `openKafka` needs beyond a broker is not asked for, either.
      { filter: /^(@platformatic\/kafka|\.\/([a-z]+\/)*(run(-[a-z]+)?|shared-server)\.ts)$/ },
      ({ kind, path, importer }) => {
        const isOfServe = importer.endsWith(join('serve', 'command.ts'))
        return kind === 'dynamic-import' && !isOfServe ? { path, external: true } : undefined
      }
    )
  }
}

/** The script runs when the first word is `serve`: what the other commands declare is not looked at. */
const onlyServeDeclared = {
  name: 'only-serve-declared',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]cli[\\/]commands\.ts$/ }, ({ path }) => ({
      resolveDir: dirname(path),
      contents: "import { serve } from './serve/command.ts'\nexport const commands = [serve]"
    }))
  }
}

/** Where Node has no zstd of its own it is read by fzstd, which the first such batch loads, and no start. */
const zstdAside = {
  name: 'zstd-aside',
  setup(builder) {
    builder.onResolve({ filter: /^fzstd$/ }, () => ({ path: 'fzstd', namespace: 'zstd-aside' }))
    builder.onResolve({ filter: /^\.\/zstd\.js$/, namespace: 'zstd-aside' }, ({ path }) => ({ path, external: true }))
    builder.onLoad({ filter: /.*/, namespace: 'zstd-aside' }, () => ({
      contents:
        "exports.__esModule = true\nObject.defineProperty(exports, 'Decompress', { get: () => require('./zstd.js').Decompress, enumerable: true })"
    }))
  }
}

/** What is told who does not know how to begin, or made a slip: the script starts a broker, and has no words for either. */
const wordsAside = {
  name: 'words-aside',
  setup(builder) {
    builder.onResolve({ filter: /^\.\/first-steps\.ts$/ }, () => ({
      path: 'no-first-steps',
      namespace: 'words-aside'
    }))
    builder.onLoad({ filter: /.*/, namespace: 'words-aside' }, () => ({
      contents: 'export const firstSteps = () => undefined'
    }))
    builder.onLoad({ filter: /[\\/]cli[\\/]parser-errors\.ts$/ }, ({ path }) => ({
      resolveDir: dirname(path),
      contents: notUnderstood
    }))
  }
}

/** A line that the script cannot read is read by the whole program, which has the words for what is wrong with it. */
const notUnderstood = `
  import { CommanderError } from 'commander'
  import { readLine } from './typed-line.ts'
  export const asHelpOption = (words) => words
  export const fromParser = () => undefined
  export const checkLine = (words) => {
    if (readLine(words).missing) throw new CommanderError(2, '', '')
  }`

/**
 * The client library compiles the schemas of all its options when it is loaded, 130 ms of a command's life: here each is
 * compiled when it is first asked. Avro, which no command reads, stays out.
 */
const leanClient = {
  name: 'lean-client',
  setup(builder) {
    builder.onResolve({ filter: /^ajv\/dist\/2020\.js$/, namespace: 'file' }, (args) => ({
      path: 'lazy-ajv',
      namespace: 'lean-client',
      pluginData: args.resolveDir
    }))
    builder.onResolve({ filter: /^avsc$/ }, () => ({ path: 'no-avro', namespace: 'lean-client' }))
    builder.onLoad({ filter: /^lazy-ajv$/, namespace: 'lean-client' }, (args) => ({
      resolveDir: args.pluginData,
      contents: lazyAjv
    }))
    builder.onLoad({ filter: /^no-avro$/, namespace: 'lean-client' }, () => ({ contents: 'export default {}' }))
  }
}

/** The parser could start other programs as commands; none of ours is one, and node:child_process costs 4 ms of a start. */
const leanParser = {
  name: 'lean-parser',
  setup(builder) {
    builder.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'no-child-process', namespace: 'lean-parser' } : undefined
    )
    builder.onLoad({ filter: /.*/, namespace: 'lean-parser' }, () => ({ contents: 'module.exports = {}' }))
  }
}

const lazyAjv = `
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js'
export class Ajv2020 extends Ajv {
  compile(schema) {
    let compiled
    const validate = (data) => {
      compiled ??= super.compile(schema)
      const isValid = compiled(data)
      validate.errors = compiled.errors
      return isValid
    }
    return validate
  }
}`

/** The declarations of CommonJS, and for those who import, the same ones: there is one StartError. */
async function declarations() {
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
  const all = await mkdtemp(join(tmpdir(), 'odradek-declarations-'))
  try {
    const words = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', all]
    await runNode(words, 'the declarations could not be written')
    await copyDeclarations(all, 'index')
  } finally {
    await rm(all, { recursive: true, force: true })
  }
  await writeFile(join(dist, 'index.d.ts'), "export * from './index.cjs'\n")
}

/** Those that a file's declarations speak of come along; the rest of src/ is nobody's business. */
async function copyDeclarations(all, name) {
  const text = await readFile(join(all, `${name}.d.ts`), 'utf8')
  const target = join(dist, `${name}.d.cts`)
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, text.replace(/(from '\.[^']*)\.ts'/g, "$1.cjs'"))
  const others = [...text.matchAll(/from '(\.[^']*)\.ts'/g)].map(([, path]) => posix.join(posix.dirname(name), path))
  for (const other of new Set(others)) await copyDeclarations(all, other)
}

async function bundleServeWithCode() {
  const sizeBytes = await bundleServe()
  await runNode([join(root, 'tools', 'code-of-serve.mjs')], 'the code of serve could not be made')
  return sizeBytes
}

function runNode(words, problem) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(problem))))
  })
}

const startedMs = performance.now()
if (process.stdout.isTTY) console.log('building dist/, which takes up to a minute …')
await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
const sizes = await Promise.all([
  bundlePackage(),
  bundleCommands(),
  bundleConsole(),
  bundleMain(),
  bundleServeWithCode(),
  declarations(),
  writePackage(root, dist)
])
const sizeBytes = sizes.reduce((sum, size = 0) => sum + size, 0)
console.log(
  `dist/ built: ${Math.round(sizeBytes / 1024)} KiB in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`
)
