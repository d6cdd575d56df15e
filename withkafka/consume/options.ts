/** What the consumer can be told: `--help` shows all of it. */
import { oneOf, type Place, parseOptions } from '../program/options.ts'
import { wrongUsage } from '../program/problem.ts'
import type { Usage } from '../program/run.ts'

/** What is done with each message. */
export type Way =
  | { readonly kind: 'print' }
  | { readonly kind: 'store'; readonly directory: string }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'post'; readonly url: URL }

/** What becomes of a message whose command or call failed: it is never skipped silently. */
const failureChoices = ['stop', 'dead-letter'] as const
export type OnFailure = (typeof failureChoices)[number]

export interface ConsumerOptions {
  /** The brokers' addresses, or the directory: see `Place`. */
  readonly place: string
  readonly topics: string[]
  readonly group: string
  readonly way: Way
  readonly onFailure: OnFailure
  /** Ends when everything that was there at the start is dealt with. */
  readonly exitsAtEnd: boolean
}

export function consumerUsage(program: string, place: Place): Usage<ConsumerOptions> {
  return { help: consumerHelp(program, place), read: (args) => readConsumerOptions(place, args) }
}

export function consumerHelp(program: string, place: Place): string {
  return `npx tsx ${program}

Reads the messages of a topic as a member of a group, from the beginning if the
group is new, until Ctrl-C. Members of one group share the partitions. What is
dealt with is committed, so the group goes on where it stopped.

  ${place.help}
  --topic NAME           made on first use (test_topic; repeatable)
  --group NAME           who shares the work and the bookmark (test_group)
  --exit                 ends when everything that is there now is dealt with

Each message is dealt with in one of these ways:
  --print                shows it: a line for people, JSON lines in a pipe (this
                         is the default)
  --store DIR            adds it to DIR/TOPIC-PARTITION.jsonl, each once,
                         whatever crashes. The files say where to go on, not the
                         group's bookmark: members of a group share one DIR
  --run COMMAND          runs a command with the message as its standard input,
                         and KAFKA_TOPIC, KAFKA_PARTITION, KAFKA_OFFSET,
                         KAFKA_TIMESTAMP and KAFKA_KEY in its environment; 0 as
                         its exit code means done
  --post URL             sends it to a URL by HTTP POST; an answer of 200 to 299
                         means done

  --on-failure CHOICE    when a command or a call fails. stop: ends with exit
                         code 1, and the message comes again next time;
                         dead-letter: keeps it in the topic NAME.dead-letter,
                         and goes on (stop)
  --help                 this help

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no broker reached, 130
interrupted; the group is left in each case.
`
}

/** Undefined when only help was asked for. */
export function readConsumerOptions(place: Place, args: readonly string[]): ConsumerOptions | undefined {
  const { values } = parseOptions({
    args: [...args],
    options: {
      [place.option]: { type: 'string' },
      topic: { type: 'string', multiple: true, default: ['test_topic'] },
      group: { type: 'string', default: 'test_group' },
      exit: { type: 'boolean', default: false },
      print: { type: 'boolean', default: false },
      store: { type: 'string' },
      run: { type: 'string' },
      post: { type: 'string' },
      'on-failure': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) return undefined
  if (values.group === '') throw wrongUsage('--group is empty', 'a group has a name')
  const where = values[place.option]
  const way = wayOf(values)
  const onFailure = values['on-failure']
  if (onFailure !== undefined && (way.kind === 'print' || way.kind === 'store'))
    throw wrongUsage(`--on-failure does not go with --${way.kind}`, 'it is for --run and --post')
  return {
    place: typeof where === 'string' ? where : place.byDefault,
    topics: [...new Set(values.topic)],
    group: values.group,
    way,
    onFailure: oneOf('on-failure', onFailure ?? 'stop', failureChoices),
    exitsAtEnd: values.exit
  }
}

interface WayValues {
  readonly print: boolean
  readonly store?: string | undefined
  readonly run?: string | undefined
  readonly post?: string | undefined
}

function wayOf({ print, store, run, post }: WayValues): Way {
  const ways: Way[] = []
  if (print) ways.push({ kind: 'print' })
  if (store !== undefined) ways.push({ kind: 'store', directory: store })
  if (run !== undefined) ways.push({ kind: 'run', command: run })
  if (post !== undefined) ways.push({ kind: 'post', url: parseUrl(post) })
  const [way = { kind: 'print' }, another] = ways
  if (another)
    throw wrongUsage(
      `--${way.kind} and --${another.kind} do not go together`,
      'start a second group for the second way'
    )
  if (store === '' || run === '') throw wrongUsage(`--${way.kind} is empty`)
  return way
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw wrongUsage(`--post ${text} is not a URL`, 'it looks like http://localhost:8080/orders')
}
