/**
 * All members of all services: started, scaled, paused, killed and restarted. What was killed stays dead until someone restarts it; what
 * fails by itself comes back as soon as the broker does.
 */
import { counted } from '../../counted.ts'
import type { BrokerPresence } from '../broker-presence.ts'
import type { MemberTask } from '../member/protocol.ts'
import { type ServiceName, serviceNames } from '../services.ts'
import { type MemberEnd, MemberProcess } from './member-process.ts'

/** Doubled with each failure in a row. */
const revivalPauseMs = 1000
const revivalPauseMaxMs = 16_000
/** Leaving a group takes a moment; who takes longer is ended. */
const farewellMs = 5000

/** Restarting: it failed by itself, and comes back by itself. */
export type MemberState = 'starting' | 'working' | 'leaving' | 'restarting' | 'dead'

export interface MemberStatus {
  readonly member: number
  readonly state: MemberState
  readonly pid: number | undefined
}

export interface CrewOptions {
  readonly counts: Readonly<Record<ServiceName, number>>
  readonly memberMax: number
  /** A member that failed is started again once the broker is here. */
  readonly broker: Pick<BrokerPresence, 'away' | 'reachable'>
  /** A sentence about what just happened. */
  onNews(sentence: string, isTechnical?: true): void
}

/** What only the stand knows; a member that is already loading waits for it. */
export type TaskOf = (service: ServiceName, member: number) => Omit<MemberTask, 'service' | 'member' | 'paused'>

interface Member {
  readonly number: number
  state: MemberState
  process: MemberProcess
  isReady: boolean
  /** In a row, without joining its group in between. */
  failures: number
}

interface Team {
  wanted: number
  paused: boolean
  readonly members: Map<number, Member>
}

export class Crew {
  readonly #options: CrewOptions
  readonly #teams: Record<ServiceName, Team>
  #taskOf: TaskOf | undefined
  #closing = false
  #hurried = false
  #placement: { upTo: number; key: string } = { upTo: 0, key: '' }

  /** Starts the customers at once, for the first order is theirs: they load while the stage is set, and wait for `begin`. */
  constructor(options: CrewOptions) {
    this.#options = options
    const team = (wanted: number): Team => ({ wanted, paused: false, members: new Map() })
    const { customers, payments, kitchen, notifications } = options.counts
    this.#teams = {
      customers: team(customers),
      payments: team(payments),
      kitchen: team(kitchen),
      notifications: team(notifications)
    }
    this.#fill('customers')
  }

  begin(taskOf: TaskOf): void {
    this.#taskOf = taskOf
    for (const member of this.#teams.customers.members.values()) this.#brief('customers', member)
    for (const service of serviceNames) this.#fill(service)
  }

  status(service: ServiceName): {
    readonly wanted: number
    readonly paused: boolean
    readonly members: MemberStatus[]
  } {
    const { wanted, paused, members } = this.#teams[service]
    const list = [...members.values()].sort((a, b) => a.number - b.number)
    return {
      wanted,
      paused,
      members: list.map(({ number, state, process }) => ({ member: number, state, pid: process.pid }))
    }
  }

  /** Whether it has members, and none that lives or comes back by itself. */
  isDead(service: ServiceName): boolean {
    const members = [...this.#teams[service].members.values()]
    return members.length > 0 && members.every(({ state }) => state === 'dead')
  }

  scale(service: ServiceName, wanted: number): void {
    const team = this.#teams[service]
    const { memberMax, onNews } = this.#options
    if (wanted < 1 || wanted > memberMax) {
      onNews(
        `${service} ${wanted < 1 ? 'needs one process' : `has ${memberMax} processes: more would find nothing to do`}`
      )
      return
    }
    const word = wanted > team.wanted ? 'grows' : 'shrinks'
    if (wanted === team.wanted) return
    team.wanted = wanted
    onNews(`${service} ${word} to ${counted(wanted, 'process', 'processes')}`)
    for (const member of team.members.values()) if (member.number > wanted) this.#dismiss(service, member)
    this.#fill(service, 'new only')
  }

  pause(service: ServiceName): void {
    const team = this.#teams[service]
    if (team.paused) return
    team.paused = true
    this.#tellAll(service, { do: 'pause' })
    this.#options.onNews(`${service} is paused: what comes for it waits`)
  }

  resume(service: ServiceName): void {
    const team = this.#teams[service]
    if (!team.paused) return
    team.paused = false
    this.#tellAll(service, { do: 'resume' })
    this.#options.onNews(`${service} goes on`)
  }

  /** kill -9 for all members, or for the last one. */
  kill(service: ServiceName, whom: 'all' | 'last'): void {
    const alive = [...this.#teams[service].members.values()].filter(mayBeKilled).sort((a, b) => a.number - b.number)
    const victims = whom === 'all' ? alive : alive.slice(-1)
    if (victims.length === 0) {
      this.#options.onNews(`${service} is dead already`)
      return
    }
    for (const member of victims) {
      member.state = 'dead'
      member.process.kill()
    }
    this.#options.onNews(`${victims.map(({ number }) => `${service}-${number}`).join(', ')} killed, as in a crash`)
  }

  /** Brings back who is dead. */
  restart(service: ServiceName): void {
    const back = this.#fill(service)
    const names = back.map((member) => `${service}-${member}`).join(', ')
    this.#options.onNews(back.length === 0 ? `${service} has all its processes` : `${names} started again`)
  }

  /** No more waiting between orders: what is there is finished. */
  hurry(): void {
    this.#hurried = true
    for (const service of serviceNames) this.#tellAll(service, { do: 'hurry' })
  }

  /** Whether all members of all services have joined their groups. */
  get everyoneIsHere(): boolean {
    return serviceNames.every((service) => {
      const { wanted, members } = this.#teams[service]
      return [...members.values()].filter(({ state }) => state === 'working').length >= wanted
    })
  }

  /** Whether any customer can order at the moment; who is still loading cannot. */
  get customersAreHere(): boolean {
    const { paused } = this.#teams.customers
    return !paused && this.#alive('customers').some(({ isReady }) => isReady)
  }

  /** Shares out the partitions that orders go to among the customers who are here. */
  place(upTo: number, partitionCount: number): void {
    const customers = this.#alive('customers')
    const key = customers.map(({ number, process }) => `${number}/${process.pid}`).join(' ')
    if (upTo === this.#placement.upTo && key === this.#placement.key) return
    this.#placement = { upTo, key }
    for (const [index, customer] of customers.entries()) {
      const partitions = range(partitionCount).filter((partition) => partition % customers.length === index)
      customer.process.tell({ do: 'place', upTo, partitions })
    }
  }

  /** Everyone leaves the group; who has not gone in time is ended. */
  async close(): Promise<void> {
    this.#closing = true
    const ends: Promise<unknown>[] = []
    for (const service of serviceNames) {
      for (const member of this.#teams[service].members.values()) {
        if (!isRunning(member)) continue
        ends.push(member.process.ended)
        member.state = 'leaving'
        // Who was never told to begin is in no group.
        if (this.#taskOf === undefined) member.process.kill()
        else member.process.tell({ do: 'leave' })
      }
    }
    const timer = setTimeout(() => this.killAll(), farewellMs)
    await Promise.all(ends)
    clearTimeout(timer)
  }

  /** At once; also safe while the process is about to exit. */
  killAll(): void {
    this.#closing = true
    for (const service of serviceNames) {
      for (const member of this.#teams[service].members.values()) member.process.kill()
    }
  }

  #alive(service: ServiceName): Member[] {
    return [...this.#teams[service].members.values()]
      .filter(({ state }) => state === 'starting' || state === 'working')
      .sort((a, b) => a.number - b.number)
  }

  /** Starts who is missing; returns their numbers. A member that is dead counts as there when only new ones are wanted. */
  #fill(service: ServiceName, who: 'dead too' | 'new only' = 'dead too'): number[] {
    const { wanted, members } = this.#teams[service]
    const missing = range(wanted)
      .map((index) => index + 1)
      .filter((number) => {
        const state = members.get(number)?.state
        return state === undefined || state === 'leaving' || (state === 'dead' && who === 'dead too')
      })
    for (const number of missing) this.#start(service, number)
    return missing
  }

  #start(service: ServiceName, number: number, failures = 0): void {
    const { members } = this.#teams[service]
    const process = new MemberProcess((report) => {
      if (report.event === 'ready') member.isReady = true
      if (report.event === 'joined' && member.state === 'starting') {
        member.state = 'working'
        member.failures = 0
      }
      if (report.event === 'overtaken') {
        this.#options.onNews(
          `${service}-${number} came too late in partition ${report.partition}: nothing is written twice`,
          true
        )
      }
    })
    const member: Member = { number, state: 'starting', process, isReady: false, failures }
    members.set(number, member)
    this.#brief(service, member)
    void process.ended.then((end) => this.#ended(service, member, end))
  }

  #brief(service: ServiceName, { number, process }: Member): void {
    if (this.#taskOf === undefined) return
    const { paused } = this.#teams[service]
    process.begin({ ...this.#taskOf(service, number), service, member: number, paused })
    if (this.#hurried) process.tell({ do: 'hurry' })
  }

  #dismiss(service: ServiceName, member: Member): void {
    if (!isRunning(member)) {
      this.#teams[service].members.delete(member.number)
      return
    }
    member.state = 'leaving'
    member.process.tell({ do: 'leave' })
    const timer = setTimeout(() => member.process.kill(), farewellMs)
    void member.process.ended.then(() => clearTimeout(timer))
  }

  #tellAll(service: ServiceName, instruction: Parameters<MemberProcess['tell']>[0]): void {
    for (const { process } of this.#alive(service)) process.tell(instruction)
  }

  async #ended(service: ServiceName, member: Member, { code, signal, reason }: MemberEnd): Promise<void> {
    const { members } = this.#teams[service]
    // Another one has taken its number meanwhile.
    if (members.get(member.number) !== member) return
    if (member.state === 'leaving') {
      members.delete(member.number)
      return
    }
    if (member.state === 'dead' || this.#closing) return
    const name = `${service}-${member.number}`
    member.state = signal === null ? 'restarting' : 'dead'
    if (signal !== null) this.#options.onNews(`${name} was ended from outside (${signal})`)
    else await this.#revive(service, member, `${name} stopped: ${reason ?? `exit code ${code}`}`)
  }

  /** While the broker is away, that is the news, not what its members make of it. */
  async #revive(service: ServiceName, member: Member, story: string): Promise<void> {
    const { onNews, broker } = this.#options
    const isNews = broker.away === undefined
    if (isNews) onNews(story)
    await new Promise((resolve) => {
      setTimeout(resolve, Math.min(revivalPauseMaxMs, revivalPauseMs * 2 ** member.failures))
    })
    await broker.reachable()
    if (this.#closing || member.state !== 'restarting' || this.#teams[service].members.get(member.number) !== member)
      return
    this.#start(service, member.number, member.failures + 1)
    if (isNews) onNews(`${service}-${member.number} is back`)
  }
}

function isRunning({ state }: Member): boolean {
  return state !== 'dead' && state !== 'restarting'
}

function mayBeKilled({ state }: Member): boolean {
  return state !== 'dead' && state !== 'leaving'
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
