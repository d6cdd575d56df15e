/** Apache Kafka's own command line classes, run one call at a time. */
import { type Finished, type RunOptions, run, runToSuccess } from './child-process.ts'
import { quickJava } from './quick-java.ts'
import { classPath } from './tools.ts'

/** Short runs: no time for the optimizing compiler, little memory. */
const shortRun = (): readonly string[] => ['-Xmx256m', '-XX:+UseSerialGC', ...quickJava('tools')]
const UTF8 = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8']

export function javaArguments(
  className: string,
  args: readonly string[],
  jvm: readonly string[] = shortRun()
): string[] {
  return [...jvm, ...UTF8, '-cp', classPath('tools'), className, ...args]
}

/** Runs a class of the tools to its end, and expects it to succeed. */
export async function javaTool(className: string, args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
  return await runToSuccess('java', javaArguments(className, args), options)
}

/** The same, whatever its exit code. */
export async function tryJavaTool(
  className: string,
  args: readonly string[],
  options: RunOptions = {}
): Promise<Finished> {
  return await run('java', javaArguments(className, args), options)
}
