/** What goes wrong in a simulation, at times made by chance: each kind alone, or several at once. */
import type { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import type { End } from '../../src/host/simulated/process.ts'
import type { Refusal } from '../../src/host/simulated/refusing-disk.ts'
import { isolate } from './isolation.ts'
import type { Node } from './node.ts'
import { Rot } from './rot.ts'
import type { Scene } from './scene.ts'

const leastRestMicros = 5_000
/** A seed has few faults or many: with many, the next comes while the last is still being recovered from. */
const tempos = [150_000, 800_000, 3_000_000]
const mostDiskCalls = 60
/** How far a clock goes wrong, forth or back; records with a time an hour ahead are refused (message.timestamp.after.max.ms). */
const mostShiftMs = 1_800_000
/** Clients wait for an answer a little longer. */
const longestPauseMicros = 5_000_000
const problems: readonly Refusal['problem'][] = ['too-many-files', 'full', 'failed']

type Strike = () => Promise<void> | void

export class Faults {
  readonly #scene: Scene
  readonly #network: SimulatedNetwork
  /** The longest time between two faults, and that one lasts. */
  readonly #mostMicros: number
  readonly rot: Rot
  /** A broker without others has lost for good what has rotted: in few seeds. */
  readonly #mayRotAlone: boolean
  readonly counts = {
    killed: 0,
    'power cut': 0,
    stopped: 0,
    paused: 0,
    rotted: 0,
    cut: 0,
    refused: 0,
    slow: 0,
    clock: 0
  }
  /** Only where there are several brokers. */
  readonly clusterCounts = {
    'node killed': 0,
    'node power cut': 0,
    'node stopped': 0,
    'node paused': 0,
    wiped: 0,
    'bit flipped': 0,
    'tail lost': 0,
    'cut off from brokers': 0,
    'cut off from the controller': 0,
    'cut off from all': 0,
    lossy: 0
  }

  constructor(scene: Scene, network: SimulatedNetwork) {
    this.#scene = scene
    this.#network = network
    this.rot = new Rot(scene.world, scene.cluster)
    this.#mayRotAlone = scene.world.oneIn(8)
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
    const { cluster } = this.#scene
    cluster.links.heal()
    for (const machine of cluster.machines) {
      machine.process?.disk.heal()
      machine.process?.goOn()
      machine.isSlow = false
    }
  }

  #strike(): Promise<void> | void {
    const { world, cluster } = this.#scene
    const whole: readonly Strike[] = [
      ...twice(() => this.#end('killed')),
      ...twice(() => this.#end('power cut')),
      () => this.#end('power cut'),
      () => this.#stop(),
      () => this.#cutConnection(),
      () => this.#pauseAll(),
      () => this.#rotAlone(),
      () => this.#refuse(),
      ...twice(() => this.#slowDown()),
      () => this.#slowDown(),
      () => this.#setClock()
    ]
    const single: readonly Strike[] = [
      ...twice(() => this.#endNode('killed')),
      ...twice(() => this.#endNode('power cut')),
      ...twice(() => this.#stopNode()),
      ...twice(() => this.#wipe()),
      ...twice(() => this.#pauseNode()),
      () => this.#rot(),
      ...twice(() => void this.#rotRunning()),
      ...twice(() => this.#isolate()),
      () => this.#isolate(),
      ...twice(() => this.#loseMessages()),
      () => this.#refuse(),
      () => this.#slowDown()
    ]
    const strikes = cluster.nodes.length === 1 || world.oneIn(3) ? whole : single
    return strikes[world.chance.below(strikes.length)]?.()
  }

  /** Now, or before one of the next calls to a disk, wherever that is; then a new start. */
  async #end(how: End): Promise<void> {
    const { world, cluster, ledger } = this.#scene
    const machine = this.#anyOf(cluster.machines)
    const { process } = machine
    const end = (): void => {
      if (machine.process !== process || process === null) return
      this.counts[how] += 1
      cluster.end(how)
      if (how === 'power cut') ledger.powerCut()
    }
    if (world.oneIn(3)) end()
    else process?.atDiskCall(world.between(1, mostDiskCalls), end)
    await this.#while('down')
    end()
    if (world.oneIn(4)) this.#flipBits(this.#anyOf(cluster.nodes))
    if (world.oneIn(4)) this.#loseTails(this.#anyOf(cluster.nodes))
    void cluster.start()
  }

  async #endNode(how: End): Promise<void> {
    const { world, cluster, ledger } = this.#scene
    const node = this.#anyOf(cluster.nodes)
    const { process } = node
    const end = (): void => {
      if (node.process !== process || process === null) return
      this.clusterCounts[`node ${how}`] += 1
      cluster.endNode(node, how)
      if (how === 'power cut') ledger.powerCut()
    }
    if (world.oneIn(3)) end()
    else process?.atDiskCall(world.between(1, mostDiskCalls), end)
    await this.#while(`node ${node.id} is down`)
    end()
    void cluster.startNode(node)
  }

  async #stop(): Promise<void> {
    const { cluster } = this.#scene
    this.counts.stopped += 1
    await cluster.stop()
    await this.#while('stopped')
    void cluster.start()
  }

  async #stopNode(): Promise<void> {
    const { cluster } = this.#scene
    const node = this.#anyOf(cluster.nodes)
    this.clusterCounts['node stopped'] += 1
    await cluster.stopNode(node)
    await this.#while(`node ${node.id} is stopped`)
    void cluster.startNode(node)
  }

  /** A broker's disk is replaced by an empty one, where others have all that was promised. */
  async #wipe(): Promise<void> {
    const { cluster } = this.#scene
    const node = this.#anyOf(cluster.nodes)
    const { process } = node
    if (process !== null) cluster.endNode(node, 'killed')
    await this.#while(`node ${node.id} is down`)
    if (node.process === null && cluster.mayWipe(node)) {
      this.clusterCounts.wiped += 1
      cluster.wipe(node)
    }
    void cluster.startNode(node)
  }

  /** Bits flip on the disk of a broker, where others have all that was promised. */
  async #rot(): Promise<void> {
    const { cluster } = this.#scene
    const node = this.#anyOf(cluster.nodes)
    if (node.process !== null) cluster.endNode(node, 'killed')
    await this.#while(`node ${node.id} is down`)
    this.#flipBits(node)
    void cluster.startNode(node)
  }

  #flipBits(node: Node): void {
    const { world, cluster } = this.#scene
    for (let bits = world.between(1, 3); bits > 0 && cluster.rot(node); bits -= 1) {
      this.clusterCounts['bit flipped'] += 1
    }
  }

  /** Logs of a broker end earlier while all is down, where others have all that was promised, and nothing is to be seen of it. */
  #loseTails(node: Node): void {
    const { world, cluster } = this.#scene
    for (let tails = world.between(1, 3); tails > 0 && cluster.loseTail(node); tails -= 1) {
      this.clusterCounts['tail lost'] += 1
    }
  }

  #isolate(): void {
    const kind = isolate(this.#scene, this.#anyOf(this.#scene.cluster.nodes), 4 * this.#mostMicros)
    this.clusterCounts[kind] += 1
  }

  /** Bits flip on the disk of a broker while it runs, and other things go wrong meanwhile. */
  async #rotRunning(): Promise<void> {
    const { world, cluster } = this.#scene
    const node = this.#anyOf(cluster.nodes)
    const flips = await this.rot.flipSome(node, world.between(1, 4), () => !this.#scene.isOver)
    this.counts.rotted += flips
  }

  #rotAlone(): void {
    if (this.#mayRotAlone) void this.#rotRunning()
  }

  async #loseMessages(): Promise<void> {
    const { world, cluster } = this.#scene
    this.clusterCounts.lossy += 1
    cluster.links.losesOneIn = world.between(2, 10)
    await this.#while('messages are lost')
    cluster.links.losesOneIn = null
  }

  #cutConnection(): void {
    this.counts.cut += 1
    this.#network.cutOne()
  }

  /** A broken disk takes partitions offline until the next start. */
  async #refuse(): Promise<void> {
    const { world, cluster } = this.#scene
    const machine = this.#anyOf(cluster.machines)
    const { process } = machine
    const problem = problems[world.chance.below(problems.length)] ?? 'full'
    const lasts = world.oneIn(2) ? 'once' : 'from then on'
    this.counts.refused += 1
    if (problem === 'failed') machine.hasBrokenDisk = true
    process?.disk.refuse({ problem, call: world.between(1, mostDiskCalls), lasts })
    await this.#while('a disk refuses')
    process?.disk.heal()
    if (problem !== 'failed') return
    if (cluster.nodes.includes(machine)) await cluster.stopNode(machine)
    else await cluster.stop()
    await this.#while('the disk is mended')
    if (cluster.nodes.includes(machine)) void cluster.startNode(machine)
    void cluster.start()
  }

  /** What strikes meanwhile meets syncs that take long: what was answered too early is lost then. */
  #slowDown(): void {
    const { world, cluster } = this.#scene
    const machine = this.#anyOf(cluster.machines)
    this.counts.slow += 1
    machine.isSlow = true
    world.after(world.between(0, 4 * this.#mostMicros), 'the disk is slow no more', () => {
      machine.isSlow = false
    })
  }

  /** What strikes meanwhile meets one that has not heard of anything. */
  #pauseNode(): void {
    const { cluster } = this.#scene
    this.clusterCounts['node paused'] += 1
    cluster.pause(this.#anyOf(cluster.machines), this.#pauseMicros())
  }

  /** The whole process, with all that is in it. */
  #pauseAll(): void {
    const { cluster } = this.#scene
    const micros = this.#pauseMicros()
    this.counts.paused += 1
    for (const machine of cluster.machines) cluster.pause(machine, micros)
  }

  #pauseMicros(): number {
    const { world } = this.#scene
    return world.between(0, Math.min(longestPauseMicros, 4 * this.#mostMicros))
  }

  #setClock(): void {
    const { world, cluster } = this.#scene
    this.counts.clock += 1
    this.#anyOf(cluster.machines).timeOfDay.shiftMs = world.between(-mostShiftMs, mostShiftMs)
  }

  #anyOf(machines: readonly Node[]): Node {
    const machine = machines[this.#scene.world.chance.below(machines.length)]
    if (machine === undefined) throw new RangeError('there is no machine')
    return machine
  }

  #while(what: string, times = 1): Promise<void> {
    const { world } = this.#scene
    return world.pause(world.between(0, times * this.#mostMicros), what)
  }
}

function twice(strike: Strike): readonly Strike[] {
  return [strike, strike]
}
