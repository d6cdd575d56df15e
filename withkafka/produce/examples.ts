/** The two messages that this project began with. Each is keyed by whom it is about, so that its events stay in order. */
export interface Example {
  readonly key: string
  readonly value: string
}

export const examples = {
  order: { key: '123', value: '{"order_id": 123, "status": "placed", "timestamp": "2025-09-19T12:00:00Z"}' },
  login: { key: 'alice', value: '{"user": "alice", "action": "login", "time": "2025-09-19T12:01:00Z"}' }
} as const satisfies Record<string, Example>

export type ExampleName = keyof typeof examples
export const exampleNames: readonly ExampleName[] = ['order', 'login']
