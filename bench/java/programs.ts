/**
 * Java programs of our own for what Kafka's tools cannot measure; compiled with javac into `.cache` when a row first needs
 * one, against the client library of Kafka's tools.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LineProcess, runToSuccess } from '../../test/harness/child-process.ts'
import { javaArguments } from '../../test/harness/java-tool.ts'
import { cacheDirectory, projectDirectory } from '../../test/harness/paths.ts'
import { classPath } from '../../test/harness/tools.ts'

const sources = join(projectDirectory, 'bench', 'java')
/** As those of the tools: the client should not be short of memory, and the collector its usual one. */
export const CLIENT_JVM = ['-Xms512m', '-Xmx512m', '-XX:+UseG1GC']
const TIMEOUT_MS = 600_000

let compiling: Promise<string> | undefined

/** The directory of the classes. */
function compiled(): Promise<string> {
  compiling ??= compile()
  return compiling
}

async function compile(): Promise<string> {
  const files = readdirSync(sources).filter((name) => name.endsWith('.java'))
  const hash = createHash('sha256')
  for (const name of files) hash.update(readFileSync(join(sources, name)))
  const classes = join(cacheDirectory, 'bench', 'java', hash.digest('hex').slice(0, 16))
  const stamp = join(classes, 'compiled')
  if (existsSync(stamp)) return classes
  mkdirSync(classes, { recursive: true })
  const paths = files.map((name) => join(sources, name))
  await runToSuccess('javac', ['-cp', classPath('tools'), '-d', classes, ...paths], { timeoutMs: TIMEOUT_MS })
  writeFileSync(stamp, '')
  return classes
}

type Arguments = readonly (string | number)[]

async function commandLine(name: string, args: Arguments, virtualMachine: readonly string[]): Promise<string[]> {
  const classes = await compiled()
  return javaArguments(name, args.map(String), virtualMachine).map((argument, index, all) =>
    all[index - 1] === '-cp' ? `${classes}:${argument}` : argument
  )
}

/** Starts one of the programs, for a row that does something meanwhile. */
export async function startJavaProgram(name: string, args: Arguments): Promise<LineProcess> {
  return new LineProcess('java', await commandLine(name, args, CLIENT_JVM))
}

/** Runs one of the programs to its end; gives the numbers that it prints. */
export async function javaProgram(
  name: string,
  args: Arguments,
  virtualMachine: readonly string[] = CLIENT_JVM
): Promise<number[]> {
  const output = await runToSuccess('java', await commandLine(name, args, virtualMachine), { timeoutMs: TIMEOUT_MS })
  const numbers = output.toString().trim().split(/\s+/).map(Number)
  if (numbers.length === 0 || numbers.some(Number.isNaN)) throw new Error(`${name} printed no numbers:\n${output}`)
  return numbers
}
