/** Asks the console's server: once, or again and again for as long as a view is open. */
import { useEffect, useState } from 'preact/hooks'
import type { ProblemView } from '../wire.ts'

export class ApiError extends Error {
  readonly problem: ProblemView

  constructor(problem: ProblemView) {
    super(problem.what)
    this.problem = problem
  }
}

const serverIsAway: ProblemView = {
  what: 'The console does not answer.',
  why: 'Its process has ended, or this machine was asleep.',
  next: 'odradek console'
}

const isRefused: ProblemView = {
  what: 'The console does not show this.',
  why: 'It was started anew with another token, or the name is too long to be asked for.',
  next: null
}

/** A path with each part as it has to be written in an address. */
export function path(parts: TemplateStringsArray, ...names: readonly (string | number)[]): string {
  return parts.reduce((whole, part, index) => whole + encodeURIComponent(String(names[index - 1])) + part)
}

/** Throws ApiError. */
export async function ask<Answer>(url: string, interrupted?: AbortSignal): Promise<Answer> {
  return await send<Answer>('GET', url, undefined, interrupted)
}

/** Throws ApiError. */
export async function send<Answer>(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  body?: unknown,
  interrupted?: AbortSignal
): Promise<Answer> {
  const init: RequestInit = { method }
  if (interrupted !== undefined) init.signal = interrupted
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'content-type': 'application/json' }
  }
  const response = await fetch(url, init).catch((error: unknown) => {
    if (interrupted?.aborted === true) throw error
    throw new ApiError(serverIsAway)
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new ApiError(answer as ProblemView)
  return answer as Answer
}

/** What is known so far, and what went wrong last, if it has not gone well since. */
export interface Seen<View> {
  readonly view: View | null
  readonly problem: ProblemView | null
}

const nothingSeen = { view: null, problem: null }

/** A view that stays as it is, asked for when the address or `version` changes. What was seen last stays when that fails. */
export function useOnce<View>(url: string, version = 0): Seen<View> & { readonly isAsking: boolean } {
  const [seen, setSeen] = useState<Seen<View>>(nothingSeen)
  const [isAsking, setAsking] = useState(true)
  useEffect(() => {
    const left = new AbortController()
    setAsking(true)
    ask<View>(url, left.signal)
      .then(
        (view) => setSeen({ view, problem: null }),
        (error: unknown) => {
          if (!left.signal.aborted) setSeen((before) => ({ ...before, problem: problemOf(error) }))
        }
      )
      .finally(() => {
        if (!left.signal.aborted) setAsking(false)
      })
    return () => left.abort()
  }, [url, version])
  return { ...seen, isAsking }
}

/** Grows by one again and again, as long as the page is looked at. */
export function useTicks(everyMs: number): number {
  const [ticks, setTicks] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTicks((before) => before + 1)
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return ticks
}

/** A view that the server tells again and again. What was seen last stays while the cluster is away. */
export function useLive<View>(url: string): Seen<View> {
  const [seen, setSeen] = useState<Seen<View>>(nothingSeen)
  useEffect(() => {
    setSeen(nothingSeen)
    return listen<View>(
      url,
      (view) => setSeen({ view, problem: null }),
      (problem) => setSeen((before) => ({ ...before, problem }))
    )
  }, [url])
  return seen
}

/**
 * Each view as it comes, as long as the page is looked at: a browser has six connections for all pages of a console, and nobody sees what a
 * page in the background is told. Gives back what ends it.
 */
export function listen<View>(
  url: string,
  onView: (view: View) => void,
  onProblem: (problem: ProblemView) => void
): () => void {
  let close: (() => void) | null = null
  const look = (): void => {
    if (document.hidden) {
      close?.()
      close = null
    } else close ??= openStream(url, onView, onProblem)
  }
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    document.removeEventListener('visibilitychange', look)
    close?.()
  }
}

/** The browser asks again by itself when the stream ends. */
function openStream<View>(
  url: string,
  onView: (view: View) => void,
  onProblem: (problem: ProblemView) => void
): () => void {
  const source = new EventSource(url)
  source.onmessage = ({ data }: MessageEvent<string>) => onView(JSON.parse(data) as View)
  source.addEventListener('problem', ({ data }: MessageEvent<string>) => onProblem(JSON.parse(data) as ProblemView))
  let missed = 0
  source.onerror = () => {
    missed += 1
    // The first is the end of a stream, after which it is opened anew; unless it was refused.
    if (source.readyState === EventSource.CLOSED) onProblem(isRefused)
    else if (missed > 1) onProblem(serverIsAway)
  }
  source.onopen = () => {
    missed = 0
  }
  return () => source.close()
}

export function problemOf(error: unknown): ProblemView {
  if (error instanceof ApiError) return error.problem
  return { what: error instanceof Error ? error.message : String(error), why: null, next: null }
}
