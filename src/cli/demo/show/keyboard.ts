/**
 * Where commands come from: keys on a terminal in raw mode, or lines on a pipe. Closing it gives the terminal back.
 */
import { createInterface } from 'node:readline'
import type { Terminal } from '../../terminal.ts'
import { type Command, commandOfKey, commandOfLine, type KeyContext, keysOf, lineHelp } from '../commands.ts'

export interface Keyboard {
  /** Doing it twice does no harm. */
  close(): void
}

export interface KeyboardOptions {
  readonly terminal: Terminal
  context(): KeyContext
  onCommand(command: Command): void
  /** A key that means nothing. */
  onUnknown(key: string): void
}

/** A terminal as process.stdin is one. */
interface RawInput {
  setRawMode(on: boolean): unknown
}

export function listenToKeys({ terminal: { stdin }, context, onCommand, onUnknown }: KeyboardOptions): Keyboard {
  const onData = (chunk: Buffer | string) => {
    for (const key of keysOf(String(chunk))) {
      const command = commandOfKey(key, context())
      if (command !== undefined) onCommand(command)
      else onUnknown(key)
    }
  }
  setRaw(stdin, true)
  stdin.on('data', onData)
  stdin.resume()
  return {
    close() {
      stdin.off('data', onData)
      setRaw(stdin, false)
      stdin.pause()
    }
  }
}

function setRaw(stdin: Terminal['stdin'] & Partial<RawInput>, on: boolean): void {
  if (stdin.isTTY) stdin.setRawMode?.(on)
}

export function listenToLines({ terminal, onCommand }: KeyboardOptions): Keyboard {
  const lines = createInterface({ input: terminal.stdin })
  lines.on('line', (line) => {
    if (line.trim() === '') return
    const command = commandOfLine(line)
    if (command !== undefined) onCommand(command)
    else terminal.hint(`"${line.trim()}" is no command; there are: ${lineHelp}`)
  })
  return {
    close() {
      lines.close()
      terminal.stdin.destroy()
    }
  }
}
