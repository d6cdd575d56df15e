/** Runs withkafka/exec.sh as a user does, in a state directory of its own and without a Docker engine. */
import { join } from 'node:path'
import { type Finished, LineProcess, type RunOptions, run } from '../harness/child-process.ts'
import { projectDirectory } from '../harness/paths.ts'

export const execSh = join(projectDirectory, 'withkafka', 'exec.sh')

/** No engine answers at this address, also on a machine that has one. */
export const noEngine = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }

export class Exec {
  readonly env: Readonly<Record<string, string>>

  constructor(directory: string, env: Readonly<Record<string, string>> = {}) {
    this.env = { ...noEngine, KAFKA_DIRECTORY: directory, NO_COLOR: '1', ...env }
  }

  /** To its end, whatever its exit code. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return await run('bash', [execSh, ...args], {
      timeoutMs: 180_000,
      ...options,
      env: { ...this.env, ...options.env }
    })
  }

  /** To its end, which has to be a good one; what it wrote to standard output. */
  async done(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args)
    if (code !== 0) throw new Error(`exec.sh ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`)
    return stdout.toString()
  }

  start(...args: readonly string[]): LineProcess {
    return new LineProcess('bash', [execSh, ...args], { env: this.env })
  }
}
