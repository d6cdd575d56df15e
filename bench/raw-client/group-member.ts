/** A member of a classic group by hand: joins, leads if it must, syncs, and says how it is. */
import { blob, int32, int64, list, type Reader, text } from '../../test/harness/wire.ts'
import { RawPipeline } from './connection.ts'

const NONE = 0
const COORDINATOR_CODES: ReadonlySet<number> = new Set([14, 15, 16])
const REBALANCE_IN_PROGRESS = 27
const SESSION_MS = 30_000
const RETRY_MS = 20
const nothing = Buffer.alloc(0)

/** Asks until the group has a coordinator, which may have to be made first. */
export async function findCoordinator(connection: RawPipeline, group: string): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; ) {
    const answer = await connection.ask(10, 0, text(group))
    if (answer.int16() === NONE) return
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  throw new Error(`group ${group} has no coordinator`)
}

export class GroupMember {
  readonly group: string
  readonly #connection: RawPipeline
  memberId = ''
  generation = -1
  isLeader = false
  /** Told to the leader alone. */
  #members: readonly string[] = []

  constructor(connection: RawPipeline, group: string) {
    this.#connection = connection
    this.group = group
  }

  static async connect(address: string, group: string): Promise<GroupMember> {
    return new GroupMember(await RawPipeline.open(address), group)
  }

  /** How many its generation has; known to the leader alone. */
  get memberCount(): number {
    return this.#members.length
  }

  /** Joins and syncs until it has its assignment of the generation that runs. */
  async settle(): Promise<void> {
    for (;;) {
      await this.join()
      if (await this.sync()) return
    }
  }

  /** Resolves when the group has its next generation. */
  async join(): Promise<void> {
    const times = [int32(SESSION_MS), int32(SESSION_MS)]
    const protocols = list([Buffer.concat([text('range'), blob(nothing)])])
    for (;;) {
      const body = Buffer.concat([text(this.group), ...times, text(this.memberId), text('consumer'), protocols])
      const answer = await this.#connection.ask(11, 2, body)
      answer.int32()
      const errorCode = answer.int16()
      if (COORDINATOR_CODES.has(errorCode)) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        continue
      }
      if (errorCode !== NONE) throw new Error(`${this.group} refused a member: error ${errorCode}`)
      this.#joined(answer)
      return
    }
  }

  #joined(answer: Reader): void {
    this.generation = answer.int32()
    answer.text()
    const leader = answer.text()
    this.memberId = answer.text() ?? ''
    this.isLeader = leader === this.memberId
    this.#members = answer.list(() => {
      const member = answer.text() ?? ''
      answer.blob()
      return member
    })
  }

  /** False when the group has begun another generation meanwhile. */
  async sync(): Promise<boolean> {
    const given = this.isLeader ? this.#members.map((member) => Buffer.concat([text(member), blob(int32(1))])) : []
    const body = Buffer.concat([text(this.group), int32(this.generation), text(this.memberId), list(given)])
    const answer = await this.#connection.ask(14, 1, body)
    answer.int32()
    const errorCode = answer.int16()
    if (errorCode !== NONE && errorCode !== REBALANCE_IN_PROGRESS)
      throw new Error(`${this.group} refused to sync: error ${errorCode}`)
    return errorCode === NONE
  }

  /** True when the group wants its members to join again. */
  async mustRejoin(): Promise<boolean> {
    const body = Buffer.concat([text(this.group), int32(this.generation), text(this.memberId)])
    const answer = await this.#connection.ask(12, 1, body)
    answer.int32()
    const errorCode = answer.int16()
    if (errorCode !== NONE && errorCode !== REBALANCE_IN_PROGRESS)
      throw new Error(`${this.group} refused a heartbeat: error ${errorCode}`)
    return errorCode === REBALANCE_IN_PROGRESS
  }

  /** OffsetCommit, version 2, of one partition. */
  async commit(topic: string, partition: number, offset: number): Promise<void> {
    const position = Buffer.concat([int32(partition), int64(offset), text('')])
    const topics = list([Buffer.concat([text(topic), list([position])])])
    const who = [text(this.group), int32(this.generation), text(this.memberId), int64(-1)]
    const answer = await this.#connection.ask(8, 2, Buffer.concat([...who, topics]))
    answer.list(() => {
      answer.text()
      answer.list(() => {
        answer.int32()
        const errorCode: number = answer.int16()
        if (errorCode !== NONE) throw new Error(`${this.group} refused a commit: error ${errorCode}`)
      })
    })
  }

  close(): void {
    this.#connection.close()
  }
}
