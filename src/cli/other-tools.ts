/**
 * What users of kcat, rpk, kafkactl, kaf and Apache's scripts type out of habit, and the line of ours for it. A wrong line is
 * answered with the right one: docs/guides/from-other-tools.md, each line of which a test types.
 */

/** Other tools' programs, and the words of ours that their options follow; rpk's, kcat's, kafkactl's and kaf's are known by their words. */
const programs: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(rpk|kcat|kafkacat|kafkactl|kaf) /, ''],
  [/^(\S*\/)?kafka-topics(\.sh|\.bat)? /, 'topics '],
  [/^(\S*\/)?kafka-consumer-groups(\.sh|\.bat)? /, 'groups '],
  [/^(\S*\/)?kafka-console-consumer(\.sh|\.bat)? /, 'console-consumer '],
  [/^(\S*\/)?kafka-console-producer(\.sh|\.bat)? /, 'console-producer '],
  [/^(\S*\/)?kafka-configs(\.sh|\.bat)? /, 'configs '],
  [/^(\S*\/)?kafka-get-offsets(\.sh|\.bat)? /, 'get-offsets '],
  [/^(\S*\/)?kafka-delete-records(\.sh|\.bat)? /, 'delete-records '],
  [/^(\S*\/)?kafka-dump-log(\.sh|\.bat)? /, 'dump-log ']
]

/** TOPIC and GROUP are filled in where the line names them. */
const lines: ReadonlyArray<readonly [RegExp, string]> = [
  // kcat's modes
  [/^(-.* )?-L\b/, 'odradek brokers list   (and: odradek topics list)'],
  [/^(-.* )?-C\b/, 'odradek consume TOPIC'],
  [/^(-.* )?-P\b/, 'odradek produce TOPIC'],
  [/^(-.* )?-G\b/, 'odradek consume TOPIC --group NAME'],
  [/^(-.* )?-Q\b/, 'odradek topics offsets TOPIC --at TIME'],
  // rpk
  [/^cluster (info|metadata|health)\b/, 'odradek brokers list'],
  [/^(topics? )?consume .*(-r|--regex)\b/, "odradek consume 'order*'   (a pattern in quotes)"],
  [/^topics? (consume|produce)\b/, 'odradek $1 TOPIC'],
  [/^topics? (alter-config|set-config)\b/, 'odradek topics alter TOPIC -c NAME=VALUE'],
  [/^topics? alter .*--(set|add-config)\b/, 'odradek topics alter TOPIC -c NAME=VALUE'],
  [/^topics? add-partitions\b/, 'odradek topics alter TOPIC -p PARTITIONS   (so many in all)'],
  [/^topics? describe-storage\b/, 'odradek topics describe TOPIC'],
  [/^topics? trim(-prefix)? .*(?:-o|--offset)[ =]?(\S+)/, 'odradek topics trim TOPIC --before $2'],
  [/^topics? trim-prefix\b/, 'odradek topics trim TOPIC --before PLACE'],
  [/^groups? seek\b/, 'odradek groups reset GROUP --to PLACE'],
  [/^version\b/, 'odradek --version'],
  // kafkactl, kaf
  [/^(get|list|ls) (consumer-groups?|cg|groups?)\b/, 'odradek groups list'],
  [/^(get|list|ls) brokers?\b|^nodes?\b/, 'odradek brokers list'],
  [/^groups?$/, 'odradek groups list'],
  [/^topics?$|^(get|list|ls)\b/, 'odradek topics list'],
  [/^describe (consumer-groups?|cg|groups?)\b/, 'odradek groups describe GROUP'],
  [/^describe brokers?\b/, 'odradek brokers describe ID'],
  [/^(?:delete|rm) (consumer-groups?|cg|groups?)\b/, 'odradek groups delete GROUP'],
  [/^(create|alter|describe|delete)\b/, 'odradek topics $1 TOPIC'],
  [/^reset\b/, 'odradek groups reset GROUP --to PLACE'],
  [/^produce .*--value\b/, "odradek produce TOPIC 'VALUE' -k KEY"],
  [/^consume .*--print-keys\b/, 'odradek consume TOPIC -o raw -k   (or: -f "%k %v\\n")'],
  [/^consume .*(-f|--follow)$/, 'odradek consume TOPIC   (it follows; -e stops at the end)'],
  // Apache's scripts
  [/^configs .*--alter .*--delete-config\b/, 'odradek topics alter TOPIC --delete-config NAME'],
  [/^configs .*--alter\b/, 'odradek topics alter TOPIC -c NAME=VALUE'],
  [/^configs\b/, 'odradek topics describe TOPIC --all-configs   (of a broker: odradek brokers describe ID)'],
  [/^groups? .*--list\b/, 'odradek groups list'],
  [/^groups? .*--describe\b/, 'odradek groups describe GROUP'],
  [/^groups? .*--delete\b/, 'odradek groups delete GROUP'],
  [/^(groups? )?(.* )?(--)?reset-offsets\b/, 'odradek groups reset GROUP --to PLACE'],
  [/^(topics? )?(.* )?--list\b/, 'odradek topics list   (or: odradek groups list)'],
  [/^(?:topics? )?(?:.* )?--(create|describe|alter)\b/, 'odradek topics $1 TOPIC'],
  [/^topics? (?:.* )?--delete\b/, 'odradek topics delete TOPIC'],
  [/^(console-)?consumer? .*--property\b/, 'odradek consume TOPIC -o raw -k   (or: -f "%k %v\\n")'],
  [/^(console-producer|produce) .*--property\b/, 'odradek produce TOPIC -K :   (key:value lines)'],
  [/^console-consumer .*--from-beginning\b/, 'odradek consume TOPIC'],
  [/^console-consumer\b/, 'odradek consume TOPIC --from end'],
  [/^console-producer\b/, 'odradek produce TOPIC'],
  [/^get-offsets\b/, 'odradek topics offsets TOPIC'],
  [/^delete-records\b/, 'odradek topics trim TOPIC --before PLACE'],
  [/^dump-log\b/, 'odradek trace TOPIC --offset PARTITION:OFFSET'],
  [/^(start|server-start|run|up)\b/, 'odradek serve']
]

export function ourLineFor(words: readonly string[]): string | undefined {
  const typed = `${words.join(' ')} `
  const program = programs.find(([pattern]) => pattern.test(typed))
  const line = (program === undefined ? typed : typed.replace(...program)).trim()
  for (const [pattern, ours] of lines) {
    const found = pattern.exec(line)
    if (found)
      return withNames(
        ours.replace(/\$(\d)/, (_, group: string) => found[Number(group)] ?? ''),
        line
      )
  }
  // What is the same here, behind another program's name.
  return program === undefined ? undefined : `odradek ${line}`
}

function withNames(ours: string, line: string): string {
  const [topic, group] = [/(?:--topic|-t)[ =]([\w.-]+)/, /--group[ =]([\w.-]+)/].map(
    (pattern) => pattern.exec(line)?.[1]
  )
  const argument = /^(?:(?:topics?|groups?) [a-z-]+|consume|produce) (\w[\w.-]*)/.exec(line)?.[1]
  return ours.replace(/\bTOPIC\b/, topic ?? argument ?? 'TOPIC').replace(/\bGROUP\b/, group ?? argument ?? 'GROUP')
}

/** Places that kcat and rpk give with -o, which here is the output format. */
export function isPlace(text: string): boolean {
  return /^(start|beginning|earliest|oldest|end|latest|newest|stored|[+-]?\d+|[s@].*\d.*|:end)$/.test(text)
}
