/**
 * Requests that the coordinator of a group, or of a transactional id, answers. Where a Kafka has just started, or a broker has just gone, it
 * loads, or is another one than a moment ago.
 */
import type { Cluster } from './cluster.ts'
import { kafkaFailure } from './kafka-failure.ts'
import { coordinatorMoves } from './passing-errors.ts'

const pauseMs = 100

/**
 * `ask` looks for the coordinator and asks it, again and again until it is the one and has loaded, or the time is up. What has failed then
 * is what comes of it. `errorCodeOf`: where an answer tells so that is not thrown.
 */
export async function whileCoordinatorMoves<Answer>(
  { timeoutMs }: Pick<Cluster, 'timeoutMs'>,
  ask: () => Promise<Answer>,
  errorCodeOf: (answer: Answer) => number | undefined = () => undefined
): Promise<Answer> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const mayPass = (code = 0): boolean => coordinatorMoves.has(code) && performance.now() < deadlineMs
    try {
      const answer = await ask()
      if (!mayPass(errorCodeOf(answer))) return answer
    } catch (error) {
      if (!mayPass(kafkaFailure(error)?.code)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
