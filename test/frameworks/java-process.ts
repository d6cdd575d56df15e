/** A Java program that is killed, and comes back with the same arguments. */

import { LineProcess, runToSuccess } from '../harness/child-process.ts'
import { quickJava } from '../harness/quick-java.ts'
import { classPath, type JarSet } from '../harness/tools.ts'

const compileTimeoutMs = 180_000
const stopTimeoutMs = 30_000

export interface JavaProgram {
  /** What the tests call it. */
  readonly name: string
  readonly jars: JarSet
  /** The directory that `compile` wrote. */
  readonly classes?: string
  readonly main: string
  readonly args: readonly string[]
}

export class JavaProcess {
  readonly name: string
  readonly #command: string
  readonly #args: readonly string[]
  #process: LineProcess | null = null
  #isKilled = false

  /** Or another command, which is given the same arguments. */
  constructor({ name, jars, classes, main, args }: JavaProgram, other?: string) {
    this.name = name
    this.#command = other ?? 'java'
    if (other !== undefined) {
      this.#args = args
      return
    }
    const classesToo = classes === undefined ? classPath(jars) : `${classPath(jars)}:${classes}`
    this.#args = ['-Xmx320m', '-XX:+UseSerialGC', ...quickJava(jars), '-cp', classesToo, main, ...args]
  }

  start(): void {
    this.#isKilled = false
    this.#process = new LineProcess(this.#command, this.#args)
  }

  async kill(): Promise<void> {
    this.#isKilled = true
    await this.#process?.kill()
  }

  async stop(): Promise<void> {
    await this.#process?.stop(stopTimeoutMs)
  }

  /** What it said last when it has ended by itself; null while it runs, and when it was killed. */
  get end(): string | null {
    return this.#isKilled || this.#process?.isAlive ? null : `it has ended\n${this.said()}`
  }

  said(): string {
    const lines = this.#process?.lines.slice(-20).join('\n') ?? ''
    return `${this.name}:\n${lines}\n${this.#process?.stderr.slice(-6000) ?? ''}`
  }
}

/** Once for all that run it: Java compiles a source file that it is given anew at each start. */
export async function compile(source: string, jars: JarSet, classes: string): Promise<void> {
  await runToSuccess('javac', ['-cp', classPath(jars), '-d', classes, source], { timeoutMs: compileTimeoutMs })
}
