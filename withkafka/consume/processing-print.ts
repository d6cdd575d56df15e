/** Prints messages: for people a line with where each lies, in a pipe JSON lines. */
import { forTheEye, paint, stdoutIsTerminal, write } from '../program/output.ts'
import { type ConsumedMessage, jsonLineOf } from './message.ts'
import type { Processing } from './processing.ts'

export class PrintProcessing implements Processing {
  readonly portionMax = Number.POSITIVE_INFINITY

  async process(messages: readonly ConsumedMessage[]): Promise<void> {
    await write(messages.map(stdoutIsTerminal ? lineForPeople : jsonLineOf).join(''))
  }
}

function lineForPeople({ topic, partition, offset, key, value }: ConsumedMessage): string {
  const where = paint.dim(`${topic}, partition ${partition}, offset ${offset}:`)
  return `${where}${key === null ? '' : ` ${paint.cyan(forTheEye(key))}`} ${forTheEye(value)}\n`
}
