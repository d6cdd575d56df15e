/** The lesson about consumers and their groups, in words. */
import type { Concept } from '../concept.ts'

export const consumer = {
  name: 'consumer',
  title: 'Consumer',
  aliases: ['consumers', 'group', 'consumer-group'],
  line: {
    layman: 'whoever reads the letters; in the kitchen, a cook, and a group is his crew',
    engineer: 'a client that reads partitions; those of a group share them out'
  },
  problem: {
    layman:
      'One cook is too slow for the evening. With two, nobody may cook the same dish twice, and when one goes home his tickets must not be left hanging. And the accountant wants to see every ticket as well.',
    engineer:
      'One reader is too slow. Several must share the work without taking a record twice, must take over from one that is gone, and must not keep other applications from reading the same.'
  },
  postOffice: 'A consumer is someone who checks the mailbox and reads the letters (messages).',
  kitchen:
    'A consumer is a cook, and a consumer group is a crew that works for the same purpose. The crew shares out the rails: each rail has one cook of it. Another crew, the accountants, has its own look at every rail.',
  definition:
    'Consumers subscribe to topics and read messages. They can be grouped for load balancing and fault tolerance. Each partition is assigned to exactly one member of a group; when a member joins or leaves, the group assigns anew. Groups do not see each other: every group gets every record.',
  steps: {
    join: {
      layman: 'Alice and Bob form a crew in front of three rails.',
      engineer: 'Two consumers join one group on a topic with three partitions.'
    },
    share: {
      layman: 'Twelve orders are hung up. Who cooks what?',
      engineer: 'Produce twelve keyed records, and compare what each of the two received.'
    },
    'another-group': {
      layman: 'The accountants come and look at the same rails.',
      engineer: 'A consumer of another group reads the topic from its start.'
    },
    leave: {
      layman: 'Alice goes home. Three more orders are hung up.',
      engineer: 'One member leaves its group; then three more records, one to each partition.'
    }
  },
  claims: {
    'one-member-each': {
      layman: 'The crew has shared out the rails: each has one cook, and both cooks have something to do.',
      engineer: 'Every partition is assigned to exactly one member, and every member has at least one.',
      otherwise: {
        layman: 'The rails are not shared out so that each has one cook of the crew.',
        engineer: 'The assignment does not give every partition exactly one member.'
      }
    },
    'each-record-once': {
      layman: 'Every dish was cooked once, and by the cook whose rail its ticket hangs on.',
      engineer: 'Each record was received by exactly one member: the one that has its partition.',
      otherwise: {
        layman: 'A dish was cooked twice, by nobody, or by a cook who does not have its rail.',
        engineer: 'A record was received by both, by none, or by a member that does not have its partition.'
      }
    },
    'another-group-gets-all': {
      layman: 'The accountants saw every ticket; that the cooks had read them before took nothing away.',
      engineer: 'The second group received every record again, independently of the first.',
      otherwise: {
        layman: 'The accountants did not see every ticket.',
        engineer: 'The second group did not receive every record.'
      }
    },
    'the-rest-take-over': {
      layman: 'Bob has all three rails now, and the new orders are his.',
      engineer: 'The group assigned all partitions to the member that stayed, and it received the new records.',
      otherwise: {
        layman: 'After Alice had gone, Bob did not get everything.',
        engineer: 'After one member had left, the other one did not get everything.'
      }
    }
  },
  question: {
    layman: {
      ask: {
        text: 'There are 3 rails. Now {members} cooks form one new crew in front of them. How many of them have nothing to do? Your answer lets them come.'
      },
      hints: [
        { text: 'A rail has one cook of the crew. So how many cooks can have one?' },
        { text: '{members} cooks, 3 rails, one cook each.' }
      ]
    },
    engineer: {
      ask: {
        text: 'The topic {topic} has 3 partitions. Now {members} consumers join one new group. How many of them get nothing to read? Your answer lets them join.'
      },
      hints: [
        { text: 'A partition has one member of the group. So how many members can have one?' },
        { text: '{members} members, 3 partitions, one member each.' }
      ]
    }
  }
} as const satisfies Concept
