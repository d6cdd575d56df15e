import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** The browser's own dialog: it keeps the keyboard inside, and Escape closes it. */
export function Dialog(props: { readonly title: string; readonly children: ComponentChildren; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-label={props.title} onClose={props.onClose}>
      <h2>{props.title}</h2>
      {props.children}
    </dialog>
  )
}
