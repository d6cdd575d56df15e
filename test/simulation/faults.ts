/** What goes wrong in a simulation, at times made by chance: each kind alone, or several at once. */
import type { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import type { End } from '../../src/host/simulated/process.ts'
import type { Refusal } from '../../src/host/simulated/refusing-disk.ts'
import type { Scene } from './scene.ts'

const leastRestMicros = 5_000
/** A seed has few faults or many: with many, the next comes while the last is still being recovered from. */
const tempos = [150_000, 800_000, 3_000_000]
const mostDiskCalls = 60
/** How far a clock goes wrong, forth or back; records with a time an hour ahead are refused (message.timestamp.after.max.ms). */
const mostShiftMs = 1_800_000
const problems: readonly Refusal['problem'][] = ['too-many-files', 'full', 'failed']

export class Faults {
  readonly #scene: Scene
  readonly #network: SimulatedNetwork
  /** The longest time between two faults, and that one lasts. */
  readonly #mostMicros: number
  readonly counts = { killed: 0, 'power cut': 0, stopped: 0, cut: 0, refused: 0, slow: 0, clock: 0 }

  constructor(scene: Scene, network: SimulatedNetwork) {
    this.#scene = scene
    this.#network = network
    this.#mostMicros = tempos[scene.world.chance.below(tempos.length)] ?? leastRestMicros
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      await world.pause(world.between(leastRestMicros, this.#mostMicros), 'the next fault')
      if (!this.#scene.isOver) await this.#strike()
    }
  }

  /** Everything works again. */
  heal(): void {
    const { machine } = this.#scene
    machine.process?.disk.heal()
    machine.isSlow = false
  }

  #strike(): Promise<void> | void {
    const { world, machine } = this.#scene
    switch (world.chance.below(12)) {
      case 0:
      case 1:
        return this.#end('killed')
      case 2:
      case 3:
      case 4:
        return this.#end('power cut')
      case 5:
        return this.#stop()
      case 6:
        this.counts.cut += 1
        return this.#network.cutOne()
      case 7:
        return this.#refuse()
      case 8:
      case 9:
      case 10:
        return this.#slowDown()
      default:
        this.counts.clock += 1
        machine.timeOfDay.shiftMs = world.between(-mostShiftMs, mostShiftMs)
    }
  }

  /** Now, or before one of the next calls to the disk, wherever that is; then a new start. */
  async #end(how: End): Promise<void> {
    const { world, machine, ledger } = this.#scene
    const { process } = machine
    const end = (): void => {
      if (machine.process !== process || process === null) return
      this.counts[how] += 1
      machine.end(how)
      if (how === 'power cut') ledger.powerCut()
    }
    if (world.oneIn(3)) end()
    else process?.atDiskCall(world.between(1, mostDiskCalls), end)
    await world.pause(world.between(0, this.#mostMicros), 'down')
    end()
    void machine.start()
  }

  async #stop(): Promise<void> {
    const { world, machine } = this.#scene
    this.counts.stopped += 1
    await machine.stop()
    await world.pause(world.between(0, this.#mostMicros), 'stopped')
    void machine.start()
  }

  /** A broken disk takes partitions offline until the next start. */
  async #refuse(): Promise<void> {
    const { world, machine } = this.#scene
    const problem = problems[world.chance.below(problems.length)] ?? 'full'
    const lasts = world.oneIn(2) ? 'once' : 'from then on'
    this.counts.refused += 1
    if (problem === 'failed') machine.hasBrokenDisk = true
    machine.process?.disk.refuse({ problem, call: world.between(1, mostDiskCalls), lasts })
    await world.pause(world.between(0, this.#mostMicros), 'the disk refuses')
    machine.process?.disk.heal()
    if (problem === 'failed') await this.#stop()
  }

  /** What strikes meanwhile meets syncs that take long: what was answered too early is lost then. */
  #slowDown(): void {
    const { world, machine } = this.#scene
    this.counts.slow += 1
    machine.isSlow = true
    world.after(world.between(0, 4 * this.#mostMicros), 'the disk is slow no more', () => {
      machine.isSlow = false
    })
  }
}
