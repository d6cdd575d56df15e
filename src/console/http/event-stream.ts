/** Server-sent events: each view as one event, the next when the page has taken the last. */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { toJson } from '../../cli/output.ts'
import { toCliError } from '../../cli/present-error.ts'
import { problemView } from './problem.ts'

/** A page that is gone without a word is found by writing to it. */
const aliveMs = 15_000

/** What fails ends the stream with an event `problem`; the page asks again after a while, by itself (EventSource). */
export function eventStream<View>(
  context: Context,
  ended: AbortSignal,
  views: (gone: AbortSignal) => AsyncIterable<View>
): Response {
  // Nobody would take what is written.
  if (context.req.method === 'HEAD') return context.body(null)
  return streamSSE(context, async (stream) => {
    const left = new AbortController()
    stream.onAbort(() => left.abort())
    const gone = AbortSignal.any([left.signal, ended])
    const alive = setInterval(() => void stream.write(':\n\n'), aliveMs)
    try {
      for await (const view of views(gone)) await stream.writeSSE({ data: toJson(view) })
    } catch (error) {
      if (!gone.aborted) await stream.writeSSE({ event: 'problem', data: toJson(problemView(toCliError(error))) })
    } finally {
      clearInterval(alive)
    }
  })
}
