/**
 * One service of the world of direct calls: takes its task from standard input, and works until that ends or it is killed.
 */
import { createInterface } from 'node:readline'
import type { Invocation } from '../../../command.ts'
import { ExitCode } from '../../../exit-codes.ts'
import { type CallInstruction, type CallReport, type CallTask, readCallLine } from './protocol.ts'
import { Customers, type Desk, openDesk, serveKitchen, serveNotifications, servePayments } from './services.ts'

export async function runCaller({ terminal, interrupted }: Invocation): Promise<ExitCode> {
  const report = (line: CallReport) => void terminal.write(`${JSON.stringify(line)}\n`)
  // Ctrl-C reaches the whole process group; the comparison then says what is to happen. SIGTERM means this process alone.
  interrupted.addEventListener('abort', () => {
    if (interrupted.reason === 'SIGTERM') process.exit(ExitCode.done)
  })
  let customers: Customers | undefined
  for await (const line of createInterface({ input: terminal.stdin })) {
    const instruction = readCallLine<CallInstruction>(line)
    if (instruction?.do === 'place') customers?.placeUpTo(instruction.upTo)
    if (instruction?.do !== 'begin') continue
    const desk = openDesk(report)
    if (instruction.service === 'customers') {
      customers = new Customers(instruction, desk, (orderId) => report({ event: 'settled', orderId }))
    } else await serve(instruction, desk)
    report({ event: 'ready' })
  }
  process.exit(ExitCode.done)
}

async function serve(task: CallTask, desk: Desk): Promise<void> {
  if (task.service === 'payments') await servePayments(task, desk)
  else if (task.service === 'kitchen') await serveKitchen(task, desk)
  else await serveNotifications(task, desk)
}
