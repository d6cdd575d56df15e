export interface SearchProps {
  readonly placeholder: string
  /** For who hears the page. */
  readonly label: string
  readonly value: string
  onChange(value: string): void
}

export function Search({ placeholder, label, value, onChange }: SearchProps) {
  return (
    <input
      type="search"
      placeholder={placeholder}
      aria-label={label}
      value={value}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  )
}
