/**
 * The list of all commands, in the order the help shows them.
 */
import { killBroker, restartBroker, startBroker, stopBroker } from './brokers/change.ts'
import { describeBroker } from './brokers/describe.ts'
import { listBrokers } from './brokers/list.ts'
import { check } from './check/command.ts'
import type { CommandDefinition, CommandGroup } from './command.ts'
import { completion, completionWords } from './completion/command.ts'
import { console } from './console/command.ts'
import { consume } from './consume/command.ts'
import { demo } from './demo/command.ts'
import { demoCaller } from './demo/compare/calls/command.ts'
import { demoMember } from './demo/member/command.ts'
import { dump } from './dump/command.ts'
import { graduate } from './graduate/command.ts'
import { deleteGroups } from './groups/delete.ts'
import { describeGroup } from './groups/describe.ts'
import { listGroups } from './groups/list.ts'
import { resetGroup } from './groups/reset.ts'
import { whyGroup } from './groups/why.ts'
import { learn } from './learn/command.ts'
import { produce } from './produce/command.ts'
import { serve } from './serve/command.ts'
import { alterTopic } from './topics/alter.ts'
import { compactTopic } from './topics/compact.ts'
import { createTopic } from './topics/create.ts'
import { deleteTopics } from './topics/delete.ts'
import { describeTopic } from './topics/describe.ts'
import { listTopics } from './topics/list.ts'
import { topicOffsets } from './topics/offsets.ts'
import { trimTopic } from './topics/trim.ts'
import { trace } from './trace/command.ts'
import { abortTransaction } from './transactions/abort.ts'
import { describeTransaction } from './transactions/describe.ts'
import { findHangingTransactions } from './transactions/find-hanging.ts'
import { listTransactions } from './transactions/list.ts'

export const commands: ReadonlyArray<CommandDefinition | CommandGroup> = [
  serve,
  demo,
  demoMember,
  demoCaller,
  produce,
  consume,
  trace,
  console,
  learn,
  check,
  dump,
  graduate,
  {
    name: 'topics',
    singular: 'topic',
    summary: 'list, describe, create, change and delete topics',
    commands: [listTopics, describeTopic, createTopic, alterTopic, deleteTopics, trimTopic, compactTopic, topicOffsets]
  },
  {
    name: 'brokers',
    singular: 'broker',
    summary: 'list and describe the brokers of a cluster; stop, start and kill those of serve --brokers',
    commands: [listBrokers, describeBroker, stopBroker, startBroker, restartBroker, killBroker]
  },
  {
    name: 'groups',
    singular: 'group',
    summary: 'list and describe consumer groups, move and delete their offsets',
    commands: [listGroups, describeGroup, whyGroup, resetGroup, deleteGroups]
  },
  {
    name: 'transactions',
    singular: 'transaction',
    aliases: ['txn', 'tx'],
    summary: 'list and describe transactions, find those that hang, end one',
    commands: [listTransactions, describeTransaction, abortTransaction, findHangingTransactions]
  },
  completion,
  completionWords
]
