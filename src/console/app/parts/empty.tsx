import type { ComponentChildren } from 'preact'

/** A view with nothing in it says why, and what would bring something. */
export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <div>{children}</div>
    </div>
  )
}

export function Waiting({ what }: { readonly what: string }) {
  return (
    <p class="waiting" aria-live="polite">
      {what} …
    </p>
  )
}
