/** Runs the four programs as a user does, and says which brokers they are proven with. */
import { join } from 'node:path'
import type { BrokerOptions, BrokerProcess } from '../harness/broker-process.ts'
import { type Finished, LineProcess, type RunOptions, run } from '../harness/child-process.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { projectDirectory } from '../harness/paths.ts'
import { startRealKafka } from '../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../harness/tools.ts'

export interface BrokerKind {
  readonly name: string
  readonly skip: string | false
  start(options?: BrokerOptions): Promise<BrokerProcess>
}

/** The embedded broker and the real one: the programs must not notice which they have. */
export const brokerKinds: readonly BrokerKind[] = [
  { name: 'Odradek', skip: skipUnless(odradek()), start: startOdradek },
  { name: 'Apache Kafka', skip: skipUnless(kafkaJars('broker')), start: startRealKafka }
]

export type Program =
  | 'withkafka/kafkaprod.ts'
  | 'withkafka/kafkacons.ts'
  | 'withoutkafka/prod.ts'
  | 'withoutkafka/cons.ts'

const environment = { NO_COLOR: '1', FORCE_COLOR: '0' }
const timeoutMs = 120_000

function commandLine(program: Program, args: readonly string[]): string[] {
  return ['--import', 'tsx', join(projectDirectory, program), ...args]
}

/** To its end. */
export async function runProgram(
  program: Program,
  args: readonly string[],
  options: RunOptions = {}
): Promise<Finished> {
  const env = { ...environment, ...options.env }
  return await run(process.execPath, commandLine(program, args), { timeoutMs, cwd: projectDirectory, ...options, env })
}

export function startProgram(program: Program, args: readonly string[], env: Record<string, string> = {}): LineProcess {
  const options = { cwd: projectDirectory, env: { ...environment, ...env } }
  return new LineProcess(process.execPath, commandLine(program, args), options)
}

export interface Row extends Record<string, unknown> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: unknown
}

export function rowsOf(text: string | Buffer): Row[] {
  const lines = text.toString().split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

/** The producer, to its end; what it reported as delivered. */
export async function produce(
  broker: BrokerProcess,
  args: readonly string[],
  input: string | Buffer = ''
): Promise<Row[]> {
  const finished = await runProgram('withkafka/kafkaprod.ts', ['--bootstrap-server', broker.bootstrap, ...args], {
    input
  })
  if (finished.code !== 0)
    throw new Error(`kafkaprod ${args.join(' ')} ended with ${finished.code}: ${finished.stderr}`)
  return rowsOf(finished.stdout)
}

/** The consumer, to the end of what is there; what it printed. */
export async function consume(broker: BrokerProcess, args: readonly string[]): Promise<Row[]> {
  const finished = await runProgram('withkafka/kafkacons.ts', [
    '--bootstrap-server',
    broker.bootstrap,
    '--exit',
    ...args
  ])
  if (finished.code !== 0)
    throw new Error(`kafkacons ${args.join(' ')} ended with ${finished.code}: ${finished.stderr}`)
  return rowsOf(finished.stdout)
}
