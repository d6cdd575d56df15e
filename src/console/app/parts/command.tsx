import { useState } from 'preact/hooks'
import type { Lines } from '../commands.ts'

const tools: ReadonlyArray<readonly [keyof Lines, string]> = [
  ['odradek', 'odradek'],
  ['apache', 'Apache Kafka'],
  ['kafkajs', 'kafkajs'],
  ['platformatic', '@platformatic/kafka']
]

/** The lines that do the same, to copy. */
export function Command({ title, lines }: { readonly title: string; readonly lines: Lines }) {
  const [shown, setShown] = useState<keyof Lines>('odradek')
  const [isCopied, setCopied] = useState(false)
  const copy = (): void => {
    void navigator.clipboard?.writeText(lines[shown]).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1500)
    })
  }
  return (
    <details class="command">
      <summary>{title}</summary>
      <div class="command-tabs">
        {tools.map(([name, label]) => (
          <button key={name} type="button" aria-pressed={shown === name} onClick={() => setShown(name)}>
            {label}
          </button>
        ))}
        <button type="button" class="quiet" onClick={copy}>
          {isCopied ? 'copied' : 'copy'}
        </button>
      </div>
      <pre>
        <code>{lines[shown]}</code>
      </pre>
    </details>
  )
}
