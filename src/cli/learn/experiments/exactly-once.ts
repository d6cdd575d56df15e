/** Exactly once: a card that is charged twice without a transaction, and once with one, by workers that die. */
import { counted } from '../../counted.ts'
import { committedByPartition } from '../../group-offsets.ts'
import { CardWorker, type Charge } from '../card-worker.ts'
import { exactlyOnce as concept } from '../concepts/exactly-once.ts'
import { type Check, type Lab, lesson } from '../lab.ts'

const order = 'order 1'
const charge = 'a card is charged for order 1'

type ExactlyOnceLab = Lab<typeof concept>

export const exactlyOnceLesson = lesson(concept, async (lab) => {
  await lab.step('twice')
  await withoutTransaction(lab)

  const orders = await lab.createTopic('paid-orders', 1)
  const charges = await lab.createTopic('receipts', 1)
  const [group, badge] = [lab.name('cashiers'), lab.name('cashier')]
  await lab.rows(['produce', orders, order])
  const written = { value: charge, group, orders, nextOrder: 1n }

  await lab.step('together')
  await (await CardWorker.begin(lab.cluster, badge, charges)).charge(written)
  await lab.seen(
    `a worker with the transactional id ${badge} wrote a charge, added offset 1 of ${orders} for the group ${group}, and died`
  )
  await lab.scene('a receipt and a tick in pencil; the cashier has fainted')
  const [pencilled, ticked] = [await seen(lab, charges, 'committed'), await committedIn(lab, group, orders)]
  await lab.claim(
    'nothing-counts-yet',
    pencilled === 0 && ticked === null,
    { topic: charges, group, charges: pencilled, committed: ticked },
    {
      layman: `charges in ink: ${pencilled}; orders ticked off: ${ticked ?? 0}`,
      engineer: `read_committed: ${counted(pencilled, 'charge')}; committed offset: ${ticked ?? 'nothing'}`
    }
  )

  await lab.step('takes-over')
  const second = await CardWorker.begin(lab.cluster, badge, charges)
  await second.charge(written)
  await second.commit()
  await lab.seen(`another worker began with ${badge}: the open transaction was aborted; it did the same, and committed`)
  await lab.scene('the next cashier has crossed out what was in pencil, and done it with ink')
  const once = await lab.waitFor(async () => (await count(lab, charges, 'committed')) > 0, settledMs)
  await lab.waitFor(async () => (await committedIn(lab, group, orders)) !== null, settledMs)
  const [inInk, done] = [await seen(lab, charges, 'committed'), await committedIn(lab, group, orders)]
  await lab.claim(
    'charged-once',
    once && inInk === 1 && done === 1,
    { topic: charges, orders, group, charges: inInk, committed: done },
    {
      layman: `charges in ink: ${inInk}; orders ticked off: ${done ?? 0}`,
      engineer: `read_committed: ${counted(inInk, 'charge')}; committed offset: ${done ?? 'nothing'}`
    }
  )
  const all = await seen(lab, charges, 'uncommitted')
  await lab.claim(
    'who-does-not-ask-sees-both',
    all === 2,
    { topic: charges, charges: all },
    { layman: `receipts in the drawer: ${all}`, engineer: `read_uncommitted: ${counted(all, 'charge')}` }
  )
  return howManyThen(lab, charges, badge, written)
})

/** A coordinator ends a transaction in each of its partitions, one after the other. */
const settledMs = 10_000

/** Each reads the order, charges the card, and is gone before it has said so. */
async function withoutTransaction(lab: ExactlyOnceLab): Promise<void> {
  const orders = await lab.createTopic('orders', 1)
  const charges = await lab.createTopic('charges', 1)
  const group = lab.name('hasty')
  await lab.rows(['produce', orders, order])
  for (const who of ['a cashier', 'the next cashier']) {
    await lab.rows(['consume', orders, '-g', group, '-n', '1', '--no-commit'])
    await lab.rows(['produce', charges, charge])
    await lab.scene(`${who} charges the card, and faints`)
  }
  const charged = (await lab.rows(['consume', charges, '-e'])).length
  await lab.claim(
    'charged-twice',
    charged === 2,
    { topic: charges, group, charges: charged },
    { layman: `charges for one order: ${charged}`, engineer: `${charged} charges for one order` }
  )
}

async function seen(lab: ExactlyOnceLab, topic: string, isolation: 'committed' | 'uncommitted'): Promise<number> {
  return (await lab.rows(['consume', topic, '-e', '--isolation', isolation])).length
}

async function count(lab: ExactlyOnceLab, topic: string, isolation: 'committed'): Promise<number> {
  return (await lab.rows(['consume', topic, '-e', '--isolation', isolation], { shown: 'silent' })).length
}

async function committedIn(lab: ExactlyOnceLab, group: string, topic: string): Promise<number | null> {
  const found = (await committedByPartition(lab.cluster, group)).get(`${topic}:0`)
  return found === undefined ? null : Number(found)
}

/** The third worker comes with the first answer; then the broker is asked. */
function howManyThen(lab: ExactlyOnceLab, topic: string, badge: string, written: Charge): Check {
  let hasCome = false
  return {
    values: { topic, count: 1 },
    keys: 'the number',
    async check(answer) {
      if (!/^\d{1,9}$/.test(answer)) {
        const found = { layman: `"${answer}" is not a number.`, engineer: `"${answer}" is not a number.` }
        return { right: false, found }
      }
      if (!hasCome)
        await (await CardWorker.begin(lab.cluster, badge, topic)).charge({
          ...written,
          value: 'another charge'
        })
      hasCome = true
      const given = await count(lab, topic, 'committed')
      const right = given === Number(answer)
      const found = right
        ? { layman: `In ink there is ${given}.`, engineer: `A consumer with read_committed is given ${given}.` }
        : {
            layman: `In ink there are not ${answer}.`,
            engineer: `A consumer with read_committed is not given ${answer}.`
          }
      return { right, found }
    }
  }
}
