/**
 * Loads `serve` with the broker as one script and the code that V8 made of it when the package was built: compiling took a
 * third of a start. Code is of one version of V8; with another the modules are loaded as they are, and Node keeps what it
 * compiles (module.enableCompileCache, Node 22.8).
 *
 * Built-in modules come from `process.getBuiltinModule`: an `import` of one fetches all that it can give (measured: 6 ms).
 */
type Program = Pick<typeof import('./program.ts'), 'runProgram'>

type ScriptFunction = (exports: object, require: NodeJS.Require, filename: string) => void

/** Null when there is no script, or no code of it for this V8. */
export function loadServe(): Program | null {
  const { existsSync, readFileSync } = process.getBuiltinModule('node:fs')
  const { Script } = process.getBuiltinModule('node:vm')
  const { createRequire, enableCompileCache } = process.getBuiltinModule('node:module') as ModuleWithCache
  const { fileURLToPath } = process.getBuiltinModule('node:url')
  const filename = fileURLToPath(new URL('serve.script.js', import.meta.url))
  const codeFile = `${filename}.${v8Version()}.code`
  if (!existsSync(codeFile)) {
    enableCompileCache?.()
    return null
  }
  const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: readFileSync(codeFile) })
  const exports: Partial<Program> = {}
  const run: ScriptFunction = script.runInThisContext()
  run(exports, createRequire(filename), filename)
  return isProgram(exports) ? exports : null
}

type ModuleWithCache = typeof import('node:module') & { readonly enableCompileCache?: () => void }

/** Without what Node appends to it: V8 looks at the four numbers only. */
function v8Version(): string {
  return process.versions.v8.replace(/-.*/, '')
}

function isProgram(exports: Partial<Program>): exports is Program {
  return typeof exports.runProgram === 'function'
}
