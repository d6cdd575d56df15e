/**
 * The way from one generation to the next: members are called, join again, are told the generation, and sync.
 *
 *   Empty, CompletingRebalance, Stable → PreparingRebalance → CompletingRebalance → Stable
 *                                                           → Empty (nobody came)
 * (Kafka: GroupMetadataManager.prepareRebalance, completeClassicGroupJoin, expirePendingSync.)
 */
import { limits } from '../../../limits.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { answerJoin, answerSync, type Draft, joinedAnswer, refusedSync, removeMember, writeGroup } from './draft.ts'
import {
  type ClassicGroupState,
  haveAllJoined,
  type Round,
  rebalanceTimeoutMs,
  selectProtocol,
  subscribedTopicsOf
} from './waiting.ts'

/** Something changed that needs a new generation: begins a rebalance, or moves one on that is being prepared. */
export function rebalanceOrCompleteJoin(draft: Draft): void {
  if (draft.round.state === 'PreparingRebalance') completeJoinWhenAllJoined(draft)
  else prepareRebalance(draft)
}

/**
 * Calls all members: they learn from a heartbeat, or from the sync that they wait for, that they have to join again.
 *
 * In an empty group those count that have an id and are about to come back with it: a generation without them would be
 * broken off at once, or, when its leader has synced already, after that one's next heartbeat only (Java: three seconds).
 */
export function prepareRebalance(draft: Draft): void {
  const { round, config } = draft
  if (round.state === 'CompletingRebalance') callBackFromSync(draft)
  round.pendingSyncMembers.clear()
  round.timer = null
  const wasEmpty = round.state === 'Empty'
  const delayMs = config.initialRebalanceDelayMs
  round.isInitialRebalance = wasEmpty && delayMs > 0
  round.hasNewMember = false
  enter(draft, 'PreparingRebalance')
  if (round.isInitialRebalance) {
    const remainingMs = Math.max(rebalanceTimeoutMs(round) - delayMs, 0)
    round.timer = { kind: 'initial-rebalance', delayMs, remainingMs }
  } else {
    completeJoinOrWait(draft, wasEmpty ? limits.announcedMemberJoinMs : rebalanceTimeoutMs(round))
  }
}

/** The initial rebalance goes by its timer alone; any other is over as soon as the last member has joined. */
export function completeJoinWhenAllJoined(draft: Draft): void {
  const { round } = draft
  if (round.state !== 'PreparingRebalance' || round.isInitialRebalance || !haveAllJoined(round)) return
  completeJoin(draft)
}

/** A member is gone for good: its absence needs a new generation, or was the last thing the others waited for. */
export function afterMemberVanished(draft: Draft): void {
  const { round } = draft
  if (round.state === 'Stable' || round.state === 'CompletingRebalance') prepareRebalance(draft)
  else if (round.state === 'PreparingRebalance' && haveAllJoined(round)) completeJoin(draft)
}

/** The round's timer has run out. */
export function timerExpired(draft: Draft): void {
  const { round } = draft
  const timer = round.timer
  round.timer = null
  if (timer?.kind === 'initial-rebalance') extendOrCompleteInitialRebalance(draft, timer)
  if (timer?.kind === 'join') completeJoin(draft)
  if (timer?.kind === 'sync') removeSilentMembers(draft)
}

function extendOrCompleteInitialRebalance(draft: Draft, timer: { delayMs: number; remainingMs: number }): void {
  const { round, config } = draft
  if (!round.hasNewMember || timer.remainingMs === 0) {
    completeJoin(draft)
    return
  }
  round.hasNewMember = false
  round.timer = {
    kind: 'initial-rebalance',
    delayMs: Math.min(config.initialRebalanceDelayMs, timer.remainingMs),
    remainingMs: Math.max(timer.remainingMs - timer.delayMs, 0)
  }
}

/** Members that were told the generation but never synced would hold up nobody, and work nothing (KAFKA-8715). */
function removeSilentMembers(draft: Draft): void {
  const { round } = draft
  if (round.pendingSyncMembers.size === 0) return
  for (const memberId of [...round.pendingSyncMembers]) removeMember(draft, memberId)
  prepareRebalance(draft)
}

function completeJoinOrWait(draft: Draft, delayMs: number): void {
  const { round } = draft
  if (haveAllJoined(round)) completeJoin(draft)
  else round.timer = { kind: 'join', delayMs }
}

function completeJoin(draft: Draft): void {
  const { round } = draft
  round.timer = null
  // Static members may stay away for as long as their session lasts; the others had their time.
  for (const { memberId, groupInstanceId, joinWaiter } of [...round.members.values()]) {
    if (joinWaiter === null && groupInstanceId === null) removeMember(draft, memberId)
  }
  if (round.members.size === 0) becomeEmpty(draft)
  else if (electLeader(round)) beginGeneration(draft)
  else round.timer = { kind: 'join', delayMs: rebalanceTimeoutMs(round) }
}

/** The leader has to be one that waits for the answer. False when nobody does. */
function electLeader(round: Round): boolean {
  if (round.leader !== null && typeof round.members.get(round.leader)?.joinWaiter === 'number') return true
  for (const { memberId, joinWaiter } of round.members.values()) {
    if (joinWaiter === null) continue
    round.leader = memberId
    return true
  }
  return false
}

function becomeEmpty(draft: Draft): void {
  const { round } = draft
  round.generation += 1
  round.protocol = null
  round.leader = null
  round.pendingSyncMembers.clear()
  enter(draft, 'Empty')
  round.subscribedTopics = subscribedTopicsOf(round)
  writeGroup(draft, () => Buffer.alloc(0))
}

function beginGeneration(draft: Draft): void {
  const { round } = draft
  round.generation += 1
  round.protocol = selectProtocol(round)
  round.subscribedTopics = subscribedTopicsOf(round)
  round.pendingSyncMembers.clear()
  enter(draft, 'CompletingRebalance')
  for (const member of [...round.members.values()]) {
    const { memberId, joinWaiter, sessionTimeoutMs } = member
    if (joinWaiter !== null) answerJoin(draft, joinWaiter, joinedAnswer(draft, memberId))
    round.members.set(memberId, { ...member, joinWaiter: null, isNew: false })
    round.pendingSyncMembers.add(memberId)
    draft.sessions.set(memberId, sessionTimeoutMs)
  }
  round.timer = { kind: 'sync', delayMs: rebalanceTimeoutMs(round) }
}

/** Whoever waits for an assignment of a generation that will not come has to join again. */
function callBackFromSync(draft: Draft): void {
  draft.round.hasAssignment = false
  for (const member of [...draft.round.members.values()]) {
    if (member.syncWaiter === null) continue
    answerSync(draft, member.syncWaiter, refusedSync(ErrorCode.REBALANCE_IN_PROGRESS))
    draft.round.members.set(member.memberId, { ...member, syncWaiter: null })
    draft.sessions.set(member.memberId, member.sessionTimeoutMs)
  }
}

export function enter({ round, nowMs }: Draft, state: ClassicGroupState): void {
  round.state = state
  round.stateTimestampMs = nowMs
  if (state !== 'PreparingRebalance') round.isInitialRebalance = false
}
