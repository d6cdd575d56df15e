import { useMemo } from 'preact/hooks'
import type { BytesView } from '../../wire.ts'
import { bytes } from '../format.ts'
import { pretty } from './json.ts'

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
  const text = useMemo(() => (shown === null ? '' : textOf(shown, isRaw)), [shown, isRaw])
  if (shown === null || shown.sizeBytes === 0) return <Bytes shown={shown} />
  return (
    <>
      <pre class="value">
        <code>{text}</code>
      </pre>
      {shown.isCut && <p class="nothing">The first part of {bytes(shown.sizeBytes)}.</p>}
    </>
  )
}

function textOf({ text, isText }: BytesView, isRaw: boolean): string {
  if (!isText) return rows(text)
  return isRaw ? text : pretty(text)
}

function rows(hex: string): string {
  return (hex.match(/.{1,32}/g) ?? [])
    .map((row, index) => `${(index * 16).toString(16).padStart(8, '0')}  ${row.replace(/../g, '$& ').trim()}`)
    .join('\n')
}
