/**
 * Builds the package: bundles src/index.ts and src/cli/main.ts with all they need into dist/, in ESM with shared chunks, and
 * writes the declarations of src/ to dist/types. `serve` with the broker is written a second time, as one script with the code
 * that V8 makes of it (src/cli/load-serve.ts). Takes no options.
 *
 * Bundled CommonJS packages call `require`, hence the banner.
 */
import { spawn } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const require = createRequire(import.meta.url)

/** Native or optional: looked up at run time, done without if absent. */
const external = ['@node-rs/crc32', 'protobufjs']

async function bundle() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts' },
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    chunkNames: 'chunks/[name]-[hash]',
    external,
    plugins: [leanClient, leanParser],
    // The same WebAssembly, carried inside the module instead of beside it.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire(import.meta.url)"
    },
    legalComments: 'eof',
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'warning'
  })
  return Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
}

/** `serve` and nothing else: what other commands load is left out of the script, and never asked for. */
async function bundleServe() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { 'serve.script': 'src/cli/program.ts' },
    outdir: join(dist, 'cli'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    external,
    plugins: [leanParser, otherCommandsAside],
    define: { 'import.meta.url': '__scriptUrl' },
    banner: {
      js: "(function(exports,require,__filename){const module={exports:{}};const __scriptUrl=require('node:url').pathToFileURL(__filename).href"
    },
    footer: { js: 'exports.runProgram=module.exports.runProgram})' },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'warning'
  })
  return Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
}

const otherCommandsAside = {
  name: 'other-commands-aside',
  setup(builder) {
    builder.onResolve({ filter: /^(@platformatic\/kafka|\.\/run(-reset)?\.ts)$/ }, ({ kind, path, importer }) => {
      const isOfServe = importer.endsWith(join('serve', 'command.ts'))
      return kind === 'dynamic-import' && !isOfServe ? { path, external: true } : undefined
    })
  }
}

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

function declarations() {
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
  return runNode([compiler, '-p', join(root, 'tsconfig.build.json')], 'the declarations could not be written')
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
await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
const [sizeBytes, serveBytes] = await Promise.all([bundle(), bundleServeWithCode(), declarations()])
console.log(
  `dist/ built: ${Math.round((sizeBytes + serveBytes) / 1024)} KiB in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`
)
