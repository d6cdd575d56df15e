/** Prints messages: for people a line with where each lies, in a pipe JSON lines. */
import { paint, stdoutIsTerminal, write } from '../output.ts'
import { forTheEye } from '../record-json.ts'
import { type ConsumedMessage, jsonLineOf } from './message.ts'
import type { Processing } from './processing.ts'

export class PrintProcessing implements Processing {
  readonly stretch = Number.POSITIVE_INFINITY

  async process(messages: readonly ConsumedMessage[]): Promise<void> {
    await write(messages.map(stdoutIsTerminal ? lineForPeople : jsonLineOf).join(''))
  }
}

function lineForPeople({ topic, partition, offset, key, value }: ConsumedMessage): string {
  const where = paint.dim(`${topic}, partition ${partition}, offset ${offset}:`)
  return `${where}${key === null ? '' : ` ${paint.cyan(forTheEye(key))}`} ${forTheEye(value)}\n`
}
