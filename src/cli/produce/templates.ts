/**
 * Made-up records: named templates, or the user's own text with placeholders.
 *
 * {{n}} counts from 1, {{uuid}}, {{now}} is the time in ISO form, {{int A B}} a whole number, {{pick a|b|c}} one of them.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { wrongUsage } from '../cli-error.ts'
import { didYouMean } from '../similar.ts'

const named = new Map([
  [
    'orders',
    {
      key: '{{int 100 999}}',
      value:
        '{"order_id":{{key}},"status":"{{pick placed|paid|cooking|delivered}}","total":{{int 5 60}}.{{pick 00|50|90}},"timestamp":"{{now}}"}'
    }
  ],
  [
    'events',
    {
      key: '{{pick alice|bob|carol|dave}}',
      value: '{"user":"{{key}}","action":"{{pick login|search|order|logout}}","timestamp":"{{now}}"}'
    }
  ]
])

export const templateNames = [...named.keys()]

export interface MadeUp {
  readonly key: string | null
  readonly value: string
}

/** A function from the record's number, counted from 1, to its key and value. */
export function compileTemplate(nameOrText: string): (n: number) => MadeUp {
  const template = named.get(nameOrText)
  if (!template && !nameOrText.includes('{{')) {
    throw wrongUsage(
      `there is no template "${nameOrText}"`,
      `${didYouMean(nameOrText, templateNames)}known are ${templateNames.join(', ')}; any text with {{n}} or another placeholder is a template too`
    )
  }
  const key = template && compileText(template.key)
  const value = compileText(template?.value ?? nameOrText)
  return (n) => {
    const madeKey = key ? key(n, '') : null
    return { key: madeKey, value: value(n, madeKey ?? '') }
  }
}

type Piece = (n: number, key: string) => string

function compileText(text: string): Piece {
  const pieces = text.split(/(\{\{[^}]*\}\})/).map((part) => {
    const inside = /^\{\{(.*)\}\}$/.exec(part)?.[1]
    return inside === undefined ? () => part : placeholder(inside.trim())
  })
  return (n, key) => pieces.map((piece) => piece(n, key)).join('')
}

function placeholder(words: string): Piece {
  if (words === 'n') return (n) => String(n)
  if (words === 'key') return (_, key) => key
  if (words === 'uuid') return () => randomUUID()
  if (words === 'now') return () => new Date().toISOString()
  const range = /^int (-?\d{1,12}) (-?\d{1,12})$/.exec(words)
  if (range && Number(range[1]) <= Number(range[2])) {
    const [low, high] = [Number(range[1]), Number(range[2])]
    return () => String(randomInt(low, high + 1))
  }
  const choices = /^pick (.+)$/.exec(words)?.[1]?.split('|')
  if (choices) return () => choices[randomInt(choices.length)] ?? ''
  throw wrongUsage(`{{${words}}} means nothing`, 'known are {{n}}, {{uuid}}, {{now}}, {{int 1 10}}, {{pick a|b|c}}')
}
