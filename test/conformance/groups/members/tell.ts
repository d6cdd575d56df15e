/** How a member tells the test what happens to it (JSON lines on stdout), and is told to leave (a line on stdin). */
import { createInterface } from 'node:readline'
import type { MemberEvent } from '../member.ts'

export function tell(event: MemberEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

export function whenToldToLeave(leave: () => Promise<void>): void {
  createInterface({ input: process.stdin }).once('line', () => {
    leave().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`${error}\n`)
        process.exit(1)
      }
    )
  })
}
