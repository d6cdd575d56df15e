/** Whatever happens to a partition's brokers, the controller's rules hold; and as long as no broker loses what it had, nothing does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ClusterModel, type Weather } from './cluster-model.ts'

const seeds = 400
const steps = 120

function live(seed: number, weather: Weather): ClusterModel {
  const model = new ClusterModel(new SeededChance(seed), weather)
  const history: string[] = []
  try {
    for (let step = 0; step < steps; step += 1) history.push(`${model.step()} ${JSON.stringify(model.partition)}`)
  } catch (error) {
    throw new Error(`${weather}, seed ${seed}, after\n${history.slice(-6).join('\n')}`, { cause: error })
  }
  return model
}

for (const weather of ['calm', 'rough'] as const) {
  test(`in ${weather} weather the rules hold, and clean elections lose nothing`, () => {
    let [led, epochs] = [0, 0]
    for (let seed = 0; seed < seeds; seed += 1) {
      const { partition } = live(seed, weather)
      led += partition.leader === -1 ? 0 : 1
      epochs += partition.leaderEpoch
    }
    assert.ok(led > seeds / 3, `${led} of ${seeds} partitions are led in the end`)
    assert.ok(epochs > seeds * 10, `${epochs} epochs`)
  })
}
