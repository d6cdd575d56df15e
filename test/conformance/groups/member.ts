/** A member of a consumer group that runs as a process, so that it can leave properly or be killed, with any client. */
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import { harnessDirectory } from '../../harness/paths.ts'
import { quickJava } from '../../harness/quick-java.ts'
import { classPath, confluentPython, found, kafkaJars, type Tool } from '../../harness/tools.ts'

export type MemberEvent =
  | { readonly event: 'assigned'; readonly partitions: readonly number[] }
  | { readonly event: 'record'; readonly partition: number; readonly offset: number; readonly value: string }

export interface MemberKind {
  readonly name: string
  readonly tool: () => Tool
  /** 'at least once': it still hands out what a fetch brings that was under way when the partition was taken away. */
  readonly delivery: 'once' | 'at least once'
  command(): readonly [command: string, ...args: string[]]
}

const scripts = join(harnessDirectory, '..', 'conformance', 'groups', 'members')

export const memberKinds: readonly MemberKind[] = [
  {
    name: 'kafkajs',
    tool: () => ({ found: 'kafkajs' }),
    delivery: 'once',
    command: () => [process.execPath, '--import', 'tsx', join(scripts, 'kafkajs.ts')]
  },
  {
    name: '@platformatic/kafka',
    tool: () => ({ found: '@platformatic/kafka' }),
    delivery: 'at least once',
    command: () => [process.execPath, '--import', 'tsx', join(scripts, 'platformatic.ts')]
  },
  {
    name: 'librdkafka',
    tool: confluentPython,
    delivery: 'once',
    command: () => [found(confluentPython()), join(scripts, 'confluent_member.py'), 'classic']
  },
  {
    name: 'librdkafka, consumer protocol',
    tool: confluentPython,
    delivery: 'once',
    command: () => [found(confluentPython()), join(scripts, 'confluent_member.py'), 'consumer']
  },
  {
    name: 'Java, consumer protocol, by an expression',
    tool: () => kafkaJars('broker'),
    delivery: 'once',
    command: () => [
      'java',
      '-Xmx256m',
      ...quickJava('broker'),
      '-cp',
      classPath('broker'),
      join(scripts, 'ConsumerMember.java')
    ]
  }
]

const WAIT_MS = 30_000

export class Member {
  private readonly process: LineProcess

  constructor(kind: MemberKind, bootstrap: string, group: string, topic: string) {
    const [command, ...args] = kind.command()
    this.process = new LineProcess(command, [...args, bootstrap, group, topic])
  }

  get events(): MemberEvent[] {
    return this.process.lines.map((line): MemberEvent => JSON.parse(line))
  }

  /** The partitions of the latest assignment. */
  get partitions(): readonly number[] {
    return this.events.findLast((event) => event.event === 'assigned')?.partitions ?? []
  }

  get values(): string[] {
    return this.events.flatMap((event) => (event.event === 'record' ? [event.value] : []))
  }

  /** Resolves when the latest assignment has that many partitions. */
  async assigned(count: number): Promise<readonly number[]> {
    const find = () => (this.partitions.length === count ? this.partitions : undefined)
    return await this.process.until(find, `assignment of ${count} partitions`, WAIT_MS)
  }

  /** Resolves when all these values have been read. */
  async hasRead(values: readonly string[]): Promise<void> {
    const find = () => {
      const seen = new Set(this.values)
      return values.every((value) => seen.has(value)) ? true : undefined
    }
    await this.process.until(find, `records ${values[0]} to ${values.at(-1)}`, WAIT_MS)
  }

  /** Closes the client properly, so that it tells the group. */
  async leave(): Promise<void> {
    this.process.send('leave')
    const timer = setTimeout(() => this.process.child.kill('SIGKILL'), WAIT_MS)
    const code = await this.process.exited
    clearTimeout(timer)
    if (code !== 0) throw new Error(`a member left with exit code ${code}: ${this.process.stderr}`)
  }

  async kill(): Promise<void> {
    await this.process.kill()
  }
}
