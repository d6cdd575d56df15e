/**
 * Options of other tools that have another name here, another meaning, or none. What has the same name, or one that a command
 * declares as a synonym, needs no line.
 */
import { outputFormats } from './global-options.ts'
import { parseRange } from './offsets.ts'

export type Tool = 'kcat' | 'rpk' | 'kafkactl' | 'kaf' | 'apache' | 'ours'

/** What to type here; a word that is no option's is an argument. */
type Meaning = (value: string) => readonly string[]
type ByCommand<What> = Readonly<Record<string, Readonly<Record<string, What>>>>

export const meanings: ByCommand<Meaning> = {
  consume: {
    '-o': fromOrFormat,
    '--offset': fromOrFormat,
    '--timeout-ms': (timeMs) => (/^\d+$/.test(timeMs) ? ['--timeout', `${timeMs}ms`] : [])
  },
  produce: {
    '--value': (value) => [value],
    '--property': (property) =>
      /^key\.separator=./.test(property) ? ['-K', property.slice('key.separator='.length)] : [],
    '-H': (header) => (/^[^=:]+[=:]/.test(header) ? ['-H', header.replace(/[=:]/, '=')] : [])
  },
  trim: { '-o': before, '--offset': before },
  alter: { '--set': settings, '--add-config': settings, '--delete': (name) => ['--delete-config', name] },
  dump: { '--files': (files) => files.split(',') },
  offsets: { '--time': (time) => (/^\d+$/.test(time) ? ['--at', time] : []) },
  'find-hanging': {
    '--broker-id': () => [],
    '--max-transaction-timeout': (minutes) => (/^\d+$/.test(minutes) ? ['--longer-than', `${minutes}m`] : [])
  },
  list: { '--duration-filter': (timeMs) => (/^\d+$/.test(timeMs) ? ['--longer-than', `${timeMs}ms`] : []) },
  reset: {
    '--to': (place) => ['--to', place.replace(/^start$/, 'earliest').replace(/^end$/, 'latest')],
    '--offset': (place) => (/^\d+$/.test(place) ? ['--to', place] : []),
    '--topics': (topics) => topics.split(',').flatMap((topic) => ['-t', topic])
  }
}

export const switchMeanings: ByCommand<readonly string[]> = {
  dump: { '--print-data-log': ['--records'] },
  reset: { '--oldest': ['--to', 'earliest'], '--newest': ['--to', 'latest'] }
}

/** Other tools' options without a value. One that is not known takes the next word with it, lest that become a name. */
export const switches: Readonly<Record<Tool, RegExp>> = {
  kcat: /^-[LCPQJAEOTeuqlvZ]$/,
  rpk: /^(-r|--(regex|no-confirm|detailed|print-.*))$/,
  kafkactl: /^--print-.*$/,
  kaf: /^(-f|--follow|--raw|--no-headers)$/,
  apache: /^--(list|create|describe|alter|delete|delete-offsets|reset-offsets|members|verbose|state|offsets|force)$/,
  ours: /^(-[rLCGQ]|--(list|create|describe|alter|delete|delete-offsets|reset-offsets|members|regex|follow|print-.*))$/
}

/** Those of them that are an option with a value here. */
export function isMode(name: string, tool: Tool): boolean {
  return (tool === 'kcat' && /^-[LCPQ]$/.test(name)) || (tool === 'kaf' && name === '-f')
}

/**
 * A place to read from as kcat and rpk give it with -o, which here is the format of the output. Undefined: it is none.
 * Ten digits are seconds, as rpk has it.
 */
export function ourPlace(text: string): string | undefined {
  const place = text
    .replace(/^s@/, '@')
    .replace(/^e@/, ':@')
    .replace(/@(\d{10})(?!\d)/g, '@$1000')
  try {
    parseRange(place, Date.now())
    return place
  } catch {
    return undefined
  }
}

function fromOrFormat(value: string): readonly string[] {
  const formats: readonly string[] = outputFormats
  if (formats.includes(value)) return ['-o', value]
  const place = ourPlace(value)
  return place === undefined ? [] : ['--from', place]
}

function before(place: string): readonly string[] {
  return /^(\d+|@.*\d.*|end)$/.test(place) ? ['--before', place] : []
}

/** `a=b,c=[d,e]`, as Apache writes several. */
function settings(pairs: string): readonly string[] {
  return [...pairs.matchAll(/[^,=]+=(\[[^\]]*\]|[^,]*)/g)].flatMap(([pair]) => [
    '-c',
    pair.replace(/=\[(.*)\]$/, '=$1')
  ])
}
