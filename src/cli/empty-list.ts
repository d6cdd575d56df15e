/**
 * What a table without a row leaves open: whether there is nothing at all, or nothing that was asked for.
 */
import type { Invocation } from './command.ts'
import { counted } from './counted.ts'
import { chosenFormat } from './output.ts'

/** Says it beside the table; a program sees that there are no rows. */
export function hintIfEmpty(
  invocation: Pick<Invocation, 'global' | 'terminal'>,
  thing: string,
  { shown, all }: { readonly shown: number; readonly all: number }
): void {
  if (shown > 0 || chosenFormat(invocation) !== 'table') return
  invocation.terminal.hint(all === 0 ? `there are no ${thing}s` : `of ${counted(all, thing)} none is as asked for`)
}
