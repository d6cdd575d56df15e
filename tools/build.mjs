/**
 * Builds the package: bundles src/index.ts and src/cli/main.ts with all they need into dist/, in ESM with shared chunks, and
 * writes the declarations of src/ to dist/types. Takes no options.
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

function declarations() {
  return new Promise((resolve, reject) => {
    const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
    const child = spawn(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error('the declarations could not be written'))))
  })
}

const startedMs = performance.now()
await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
const [sizeBytes] = await Promise.all([bundle(), declarations()])
console.log(
  `dist/ built: ${Math.round(sizeBytes / 1024)} KiB in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`
)
