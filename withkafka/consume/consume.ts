/** The consumer, from the first option to the last word. */
import { type Brokers, connect } from '../connect.ts'
import { counted, tell } from '../output.ts'
import type { ExitCode } from '../problem.ts'
import { exitCodeOf } from '../program.ts'
import { openTopic } from '../topic.ts'
import { FailedMessages } from './dead-letter.ts'
import { endsOf } from './ends.ts'
import { GroupMember } from './group-member.ts'
import type { ConsumerOptions, Way } from './options.ts'
import type { Processing } from './processing.ts'
import { PostAction } from './processing-post.ts'
import { PrintProcessing } from './processing-print.ts'
import { RunAction } from './processing-run.ts'
import { StoreProcessing } from './processing-store.ts'
import { whereToGoOn } from './where-to-go-on.ts'

export async function consume(options: ConsumerOptions, brokers: Brokers, stop: AbortSignal): Promise<ExitCode> {
  const { group, topics, way, onFailure, exitsAtEnd } = options
  const kafka = await connect('kafkacons', brokers)
  for (const topic of topics) await openTopic(kafka, topic)
  const processing = processingFor(way)
  const failed = new FailedMessages(kafka, group, onFailure)
  const member = new GroupMember(kafka, options, {
    processing,
    failed,
    whereToGoOn: whereToGoOn(kafka, group, processing),
    isAtEnd: exitsAtEnd ? await endsOf(kafka, topics) : undefined
  })
  if (!exitsAtEnd) tell(`joining the group ${group}; Ctrl-C stops`)
  try {
    await member.run(stop)
    return exitCodeOf(stop)
  } finally {
    await failed.close()
    tell(`${counted(member.count, 'message')} dealt with`)
  }
}

function processingFor(way: Way): Processing {
  switch (way.kind) {
    case 'print':
      return new PrintProcessing()
    case 'store':
      return new StoreProcessing(way.directory)
    case 'run':
      return new RunAction(way.command)
    case 'post':
      return new PostAction(way.url)
  }
}
