/** A registry as its users see it: by its REST interface. */
const requestTimeoutMs = 300_000
const pauseMs = 300
const patienceMs = 300_000

export class Service {
  readonly #url: string
  readonly #end: () => string | null

  /** `end` tells why it will never answer. */
  constructor(port: number, end: () => string | null) {
    this.#url = `http://127.0.0.1:${port}`
    this.#end = end
  }

  /** Null for what it does not know. Asked again while it, or what it stands on, is away; each request may come twice. */
  async ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const deadlineMs = performance.now() + patienceMs
    for (;;) {
      const signal = AbortSignal.timeout(requestTimeoutMs)
      const response = await fetch(`${this.#url}${path}`, { ...sent, signal }).catch((error: unknown) => error)
      if (response instanceof Response && response.ok) return await response.json()
      if (response instanceof Response && response.status === 404) return null
      const why = response instanceof Response ? await response.text() : String(response)
      const end = this.#end()
      if (end !== null || performance.now() > deadlineMs) throw new Error(`${method} ${path}: ${end ?? why}`)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /** Gives the id. */
  async register(subject: string, schema: string): Promise<number> {
    return fieldOf(await this.ask('POST', `/subjects/${subject}/versions`, { schema }), 'id')
  }

  async versionOf(subject: string, version: number): Promise<unknown> {
    return await this.ask('GET', `/subjects/${subject}/versions/${version}`)
  }

  async schemaOf(id: number): Promise<unknown> {
    return await this.ask('GET', `/schemas/ids/${id}`)
  }
}

export function fieldOf(answer: unknown, name: string): number {
  if (typeof answer === 'object' && answer !== null) {
    const found = Object.entries(answer).find(([field]) => field === name)?.[1]
    if (typeof found === 'number') return found
  }
  throw new Error(`no ${name} in ${JSON.stringify(answer)}`)
}
