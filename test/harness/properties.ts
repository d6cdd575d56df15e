/**
 * fast-check, as every test uses it: the same inputs each time, so that a commit is green or red and stays so; other inputs, and more of them,
 * on demand (`npm test -- NAME --seed random --times 40`). What such a hunt finds becomes a test of its own.
 */
import fastCheck from 'fast-check'

export * from 'fast-check'

/** What fast-check runs where a property does not say. */
const usualRuns = 100

const times = Number(process.env.ODRADEK_PROPERTY_TIMES ?? 1)
const seed = process.env.ODRADEK_PROPERTY_SEED ?? '1'

fastCheck.configureGlobal({ ...(seed !== 'random' && { seed: Number(seed) }), numRuns: usualRuns * times })

/** Throws, or rejects, with the smallest inputs that were found for which the property does not hold. */
export function assert<Ts>(property: fastCheck.IAsyncProperty<Ts>, parameters?: fastCheck.Parameters<Ts>): Promise<void>
export function assert<Ts>(property: fastCheck.IProperty<Ts>, parameters?: fastCheck.Parameters<Ts>): void
export function assert<Ts>(
  property: fastCheck.IRawProperty<Ts>,
  parameters: fastCheck.Parameters<Ts> = {}
): Promise<void> | void {
  const { numRuns = usualRuns } = parameters
  return fastCheck.assert(property, { ...parameters, numRuns: numRuns * times })
}
