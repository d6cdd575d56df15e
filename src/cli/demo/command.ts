/**
 * `odradek demo`: the food-delivery app, live.
 */
import type { CommandDefinition } from '../command.ts'

export const demo: CommandDefinition = {
  name: 'demo',
  summary: 'food delivery on Kafka, live: watch orders flow, kill a service, lose nothing',
  notes: `Customers order, payments charges, the kitchen cooks, notifications tells the customer. Each service is a consumer group with
members in processes of their own; topics: orders, payments, notifications. Brings a broker of its own, whose data goes with it, unless
--bootstrap-server names a cluster. There it makes topics of its own (if a name is taken, all get a number: demo2-orders …)
and leaves them. The environment's KAFKA_BROKERS is not used: no demo should write where one works.

On a terminal it leads through a crash: which key to press, what grows, what drains, and what that proves; ? shows all keys.
Keys: 1-4 or arrows choose a service; + - members; Space or p pause; k kill -9 all of its members, x one of them; r restart;
< > slower, faster; v the guest's or the engineer's words; with --brokers 3 also
b kill -9 one of the brokers, and start it again; q or Ctrl-C closes: what is there is finished first.
On a pipe the same as lines on standard input: kill payments, kill-one kitchen, restart payments, pause kitchen,
resume kitchen, scale kitchen 3, rate 10, kill-broker 2, start-broker 2, quit.

--compare shows two worlds side by side: the same orders through direct calls between services, without a broker, and through the log.
The notifications are killed in both, after six seconds and for --outage; k kills earlier, or again; a table at the end says what each lost.

Exit code 0: every order has exactly one notification; 7: not.`,
  options: [
    { flags: '--seed <n>', description: 'which orders; the same seed gives the same ones', default: '1' },
    { flags: '--rate <rate>', description: 'how many orders, for example 5/s', default: '3/s' },
    { flags: '--count <n>', description: 'close after n orders' },
    { flags: '--duration <duration>', description: 'close after this time, for example 60s' },
    {
      flags: '--brokers <n>',
      description: 'how many brokers of its own it brings: kill one, with the key b',
      default: '1'
    },
    { flags: '--compare', description: 'with Kafka and without, side by side: what does each lose?' },
    {
      flags: '--outage <duration>',
      description: 'with --compare: how long the notifications are dead',
      otherwise: '10s'
    },
    {
      flags: '-d, --data <directory>',
      description: 'keep the data of its own broker here',
      synonyms: { '--dir': ['--data'] }
    }
  ],
  examples: [
    ['odradek demo', 'on a broker of its own'],
    ['odradek demo --brokers 3', 'three buildings: b closes one, and no order is lost'],
    ['odradek demo --compare', 'direct calls and the log, and a service killed in both'],
    ['odradek demo -b localhost:9092', 'on a cluster that is there'],
    ['odradek demo --duration 60s --seed 7 -o jsonl', 'a minute of it, for a program']
  ],
  async run(invocation) {
    if (invocation.flags.has('compare')) {
      const { runCompare } = await import('./compare/run.ts')
      return await runCompare(invocation)
    }
    const { runDemo } = await import('./run.ts')
    return await runDemo(invocation)
  }
}
