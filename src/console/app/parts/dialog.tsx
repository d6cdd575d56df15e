import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** The browser's own dialog: it keeps the keyboard inside, and Escape closes it. */
export function Dialog(props: { readonly title: string; readonly children: ComponentChildren; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const isGone = useRef(false)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => {
      isGone.current = true
      // The keyboard is where it was before, also when another view takes the place of this one.
      shown?.close()
    }
  }, [])
  return (
    <dialog ref={dialog} aria-label={props.title} onClose={() => isGone.current || props.onClose()}>
      <h2>{props.title}</h2>
      {props.children}
    </dialog>
  )
}
