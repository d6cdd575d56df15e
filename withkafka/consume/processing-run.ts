/**
 * Runs a command for each message, one after the other, with the message as its standard input. It succeeded when its exit
 * code is 0. What it prints goes where ours goes.
 */
import { isUtf8 } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { reasonOf } from '../program/problem.ts'
import type { ConsumedMessage } from './message.ts'
import { ActionFailure } from './processing.ts'

export class RunAction {
  /** A command that was run cannot be taken back, so each is committed at once. */
  readonly portionMax = 1
  readonly #command: string

  constructor(command: string) {
    this.#command = command
  }

  async process(messages: readonly ConsumedMessage[]): Promise<void> {
    for (const message of messages) await this.#run(message)
  }

  async #run(message: ConsumedMessage): Promise<void> {
    // In a process group of its own: Ctrl-C at the keyboard asks us to stop, and lets the command finish its message.
    const child = spawn(this.#command, {
      shell: true,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...process.env, ...environmentOf(message) }
    })
    // A command need not read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(message.value ?? '')
    const endToo = () => killGroup(child.pid)
    process.once('exit', endToo)
    const [code, signal] = await once(child, 'close')
      .catch((error: unknown) => {
        throw new ActionFailure(reasonOf(error))
      })
      .finally(() => process.off('exit', endToo))
    if (code !== 0) throw new ActionFailure(`the command ended with ${signal ?? `exit code ${code}`}`)
  }
}

function environmentOf({ topic, partition, offset, timestampMs, key }: ConsumedMessage): Record<string, string> {
  const isText = key !== null && isUtf8(key) && !key.includes(0)
  return {
    KAFKA_TOPIC: topic,
    KAFKA_PARTITION: String(partition),
    KAFKA_OFFSET: String(offset),
    KAFKA_TIMESTAMP: String(timestampMs),
    KAFKA_KEY: isText ? key.toString('utf8') : '',
    // The environment holds text only; this holds any key.
    KAFKA_KEY_BASE64: key?.toString('base64') ?? ''
  }
}

/** The shell and what it started. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid)
  } catch {
    // It has just ended.
  }
}
