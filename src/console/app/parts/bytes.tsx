import type { BytesView } from '../../wire.ts'
import { bytes } from '../format.ts'

/** In one line: what there is, or that there is nothing. Null and empty do not look alike. */
export function Bytes({ shown }: { readonly shown: BytesView | null }) {
  if (shown === null) return <span class="nothing">null</span>
  if (shown.sizeBytes === 0) return <span class="nothing">empty</span>
  return (
    <span class={shown.isText ? 'bytes' : 'bytes hex'}>
      {shown.isText ? shown.text : `0x${shown.text}`}
      {shown.isCut && <span class="nothing"> … {bytes(shown.sizeBytes)}</span>}
    </span>
  )
}

/** In full, JSON as JSON, and other bytes as rows of sixteen. */
export function BytesInFull({ shown, isRaw }: { readonly shown: BytesView | null; readonly isRaw: boolean }) {
  if (shown === null || shown.sizeBytes === 0) return <Bytes shown={shown} />
  return (
    <>
      <pre class="value">
        <code>{shown.isText ? (isRaw ? shown.text : pretty(shown.text)) : rows(shown.text)}</code>
      </pre>
      {shown.isCut && <p class="nothing">The first part of {bytes(shown.sizeBytes)}.</p>}
    </>
  )
}

export function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function rows(hex: string): string {
  return (hex.match(/.{1,32}/g) ?? [])
    .map((row, index) => `${(index * 16).toString(16).padStart(8, '0')}  ${row.replace(/../g, '$& ').trim()}`)
    .join('\n')
}
