/** Bringing the members of a group together: each lives as a client does, until all have their part in one generation. */
import type { GroupMember } from './group-member.ts'

/** Resolves when all have synced in the same generation, which has just them. */
export async function untilTogether(members: readonly GroupMember[], heartbeatMs: number): Promise<void> {
  let isOver = false
  const settled = new Set<GroupMember>(members.filter(({ generation }) => generation >= 0))
  const check = (): void => {
    const generations = new Set(members.map(({ generation }) => generation))
    const leader = members.find(({ isLeader }) => isLeader)
    isOver ||= settled.size === members.length && generations.size === 1 && leader?.memberCount === members.length
  }
  const live = async (member: GroupMember): Promise<void> => {
    while (!isOver) {
      if (!settled.has(member) || (await member.mustRejoin())) {
        settled.delete(member)
        await member.settle()
        settled.add(member)
        check()
      } else {
        await new Promise((resolve) => setTimeout(resolve, heartbeatMs))
      }
    }
  }
  check()
  await Promise.all(members.map(live))
}

/** One more joins a settled group. Everyone joins again as soon as the group says so; resolves when all have their part. */
export async function takeIn(members: readonly GroupMember[], newcomer: GroupMember): Promise<void> {
  const arrival = newcomer.settle()
  const [first] = members
  while (first !== undefined && !(await first.mustRejoin())) {
    // The newcomer's request is on its way over another connection.
  }
  await Promise.all([arrival, ...members.map((member) => member.settle())])
}
