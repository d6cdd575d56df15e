import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AssignedMember, assignSticky } from '../../../../src/coordination/groups/streams/assign/sticky.ts'
import { noTasks, type Tasks, tasksOf } from '../../../../src/coordination/groups/streams/tasks.ts'
import * as fc from '../../../harness/properties.ts'

type Subtopologies = Map<string, { taskCount: number; isStateful: boolean }>

const member = (memberId: string, processId = memberId, tasks: Tasks = noTasks): AssignedMember => ({
  ...{ memberId, processId, tasks, taskOffsets: [] }
})

const shown = (tasks: Tasks | undefined) => ({
  active: Array.from(tasksOf(tasks?.active ?? new Map()), (task) => task.join('_')).sort(),
  standby: Array.from(tasksOf(tasks?.standby ?? new Map()), (task) => task.join('_')).sort()
})

const stateful = (taskCount: number) => ({ taskCount, isStateful: true })

const anyGroup = fc.record({
  processes: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 8 }),
  counts: fc.array(fc.record({ taskCount: fc.integer({ min: 0, max: 9 }), isStateful: fc.boolean() }), {
    maxLength: 4
  }),
  standbys: fc.integer({ min: 0, max: 2 })
})

function groupOf({
  processes,
  counts,
  standbys
}: {
  processes: number[]
  counts: { taskCount: number; isStateful: boolean }[]
  standbys: number
}) {
  const members = processes.map((process, index) => member(`m${index}`, `p${process}`))
  const subtopologies: Subtopologies = new Map(counts.map((one, index) => [String(index), one]))
  return { members, subtopologies, standbys }
}

describe('the assignor sticky', () => {
  test('four partitions of two subtopologies are split as Apache Kafka splits them', () => {
    const subtopologies: Subtopologies = new Map([
      ['0', { taskCount: 4, isStateful: false }],
      ['1', stateful(4)]
    ])
    const first = assignSticky([member('m')], subtopologies, 1)
    assert.equal(shown(first.get('m')).active.length, 8)
    const second = assignSticky([member('m', 'm', first.get('m')), member('n')], subtopologies, 1)
    assert.deepEqual(shown(second.get('m')), { active: ['0_0', '0_1', '1_0', '1_1'], standby: ['1_2', '1_3'] })
    assert.deepEqual(shown(second.get('n')), { active: ['0_2', '0_3', '1_2', '1_3'], standby: ['1_0', '1_1'] })
  })

  test('each task is run by one member, and nobody has more than their share when all begin anew', () => {
    fc.assert(
      fc.property(anyGroup, (any) => {
        const { members, subtopologies, standbys } = groupOf(any)
        const assigned = assignSticky(members, subtopologies, standbys)
        const active = [...assigned.values()].flatMap((tasks) => shown(tasks).active)
        const total = any.counts.reduce((sum, { taskCount }) => sum + taskCount, 0)
        assert.equal(active.length, total)
        assert.equal(new Set(active).size, total)
      })
    )
  })

  test('standbys are of stateful tasks, in other processes than the task and each other, as many as there are processes for', () => {
    fc.assert(
      fc.property(anyGroup, (any) => {
        const { members, subtopologies, standbys } = groupOf(any)
        const assigned = assignSticky(members, subtopologies, standbys)
        const processes = new Set(members.map(({ processId }) => processId)).size
        for (const [id, { taskCount, isStateful }] of subtopologies) {
          for (let partition = 0; partition < taskCount; partition++) {
            const task = `${id}_${partition}`
            const holders = members.filter(({ memberId }) => {
              const { active, standby } = shown(assigned.get(memberId))
              return active.includes(task) || standby.includes(task)
            })
            assert.equal(new Set(holders.map(({ processId }) => processId)).size, holders.length)
            assert.equal(holders.length, isStateful ? Math.min(1 + standbys, processes) : 1)
          }
        }
      })
    )
  })

  test('what was assigned stays as it was, when nothing has changed', () => {
    fc.assert(
      fc.property(anyGroup, (any) => {
        const { members, subtopologies } = groupOf(any)
        // One process each: where several members share one, the load of processes and of members is not the same.
        const alone = members.map(({ memberId }) => member(memberId))
        const first = assignSticky(alone, subtopologies, 0)
        const again = assignSticky(
          alone.map(({ memberId }) => member(memberId, memberId, first.get(memberId))),
          subtopologies,
          0
        )
        for (const { memberId } of members) assert.deepEqual(shown(again.get(memberId)), shown(first.get(memberId)))
      })
    )
  })

  test('who comes takes no more than its share, and what it does not take stays', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 30 }), (count, taskCount) => {
        const subtopologies: Subtopologies = new Map([['0', stateful(taskCount)]])
        const ids = Array.from({ length: count }, (_, index) => `m${index}`)
        const first = assignSticky(
          ids.map((id) => member(id)),
          subtopologies,
          0
        )
        const before = ids.map((id) => member(id, id, first.get(id)))
        const second = assignSticky([...before, member('new')], subtopologies, 0)
        const moved = ids.flatMap((id) =>
          shown(second.get(id)).active.filter((task) => !shown(first.get(id)).active.includes(task))
        )
        assert.deepEqual(moved, [])
        const share = taskCount / (count + 1)
        const taken = shown(second.get('new')).active.length
        assert.ok(taken >= Math.floor(share) - 1 && taken <= Math.ceil(share), `${taken} of ${taskCount}`)
      })
    )
  })

  test('who was standby runs the task when its process is gone', () => {
    const subtopologies: Subtopologies = new Map([['0', stateful(4)]])
    const first = assignSticky([member('a'), member('b')], subtopologies, 1)
    const { standby } = shown(first.get('b'))
    const after = assignSticky([member('b', 'b', first.get('b')), member('c')], subtopologies, 0)
    const ran = shown(first.get('b')).active
    // Two of its own it keeps, so that there is no room for more.
    assert.deepEqual(shown(after.get('b')).active, ran)
    const alone = assignSticky([member('b', 'b', first.get('b'))], subtopologies, 0)
    assert.deepEqual(shown(alone.get('b')).active, [...ran, ...standby].sort())
  })

  test('who reports the state of a task from before it was started again is given the task', () => {
    const subtopologies: Subtopologies = new Map([['0', stateful(2)]])
    const back = { ...member('a'), taskOffsets: [{ subtopologyId: '0', partition: 1, offset: 7 }] }
    const assigned = assignSticky([back, member('b')], subtopologies, 0)
    assert.deepEqual(shown(assigned.get('a')).active, ['0_1'])
  })
})
