/** Mistakes in streams groups: bounds that let a bomb through, timers that never come, tasks that two have, what is forgotten or held for ever. */
import type { Mutation } from './list.ts'

const bounds = ['test/coordination/groups/streams/bounds.test.ts']
const coordinator = ['test/coordination/groups/streams/streams-groups.test.ts']
const heartbeat = ['test/coordination/groups/streams/heartbeat.test.ts']

export const streamsGroupMutations: readonly Mutation[] = [
  {
    what: 'a topology of a streams group may come to any number of tasks',
    file: 'src/coordination/groups/streams/topology/configure.ts',
    text: 'tasks += taskCount',
    replacement: 'tasks = taskCount - taskCount',
    tests: bounds
  },
  {
    what: 'a streams group names any number of topics in copartition groups',
    file: 'src/coordination/groups/streams/bounds.ts',
    text: 'return 1 + group.sourceTopics.length + group.repartitionSourceTopics.length',
    replacement: 'return Math.min(0, group.sourceTopics.length)',
    tests: bounds
  },
  {
    what: 'offsets of tasks that members of a streams group report are held without bound',
    file: 'src/coordination/groups/streams/task-offsets.ts',
    text: 'bytes > limits.streamsTaskOffsetsBytes || more > roomBytes',
    replacement: 'more > roomBytes',
    tests: bounds
  },
  {
    what: 'what a static member of a streams group reported stays under its former id',
    file: 'src/coordination/groups/streams/find-member.ts',
    text: 'withoutReport(draft.softNext.taskOffsets, former.memberId)',
    replacement: 'withoutReport(draft.softNext.taskOffsets, memberId)',
    tests: bounds
  },
  {
    what: 'what a topology comes to is not computed anew when topics change',
    file: 'src/coordination/groups/streams/topology/on-topics.ts',
    text: 'known?.change === change',
    replacement: 'known !== undefined && change >= 0',
    tests: coordinator
  },
  {
    what: 'a streams member that does not give up its tasks is never fenced',
    file: 'src/coordination/groups/streams/heartbeat.ts',
    text: 'mustRevoke ? rebalanceTimeoutMs : null',
    replacement: 'mustRevoke ? null : null',
    tests: coordinator
  },
  {
    what: 'nobody is assigned when the initial delay of a streams group is over',
    file: 'src/coordination/groups/streams/streams-groups.ts',
    text: '      this.#take(draft)',
    replacement: '      draft.records.length = 0',
    tests: coordinator
  },
  {
    what: 'a task of a streams group is given to a member while another runs it',
    file: 'src/coordination/groups/streams/reconcile.ts',
    text: "return runs !== undefined || anotherFollows('standby')",
    replacement: "return anotherFollows('standby')",
    tests: heartbeat
  }
]
