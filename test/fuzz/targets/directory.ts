/**
 * A whole data directory with one file replaced by an input, and a broker that starts on it: it refuses with what is wrong, or answers.
 * The first two bytes of an input choose the file.
 */
import assert from 'node:assert/strict'
import { DiskError } from '../../../src/host/disk.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { committed, groups, makeScene, type Scene, startOn } from '../../broker/damage/scene.ts'
import type { Target } from '../target.ts'

let scene: Scene | null = null

async function known(): Promise<Scene> {
  scene ??= await makeScene('kill')
  return scene
}

export const directory: Target = {
  name: 'directory',
  share: 0.003,

  async seeds() {
    const { files } = await known()
    return [...files.values()].map((bytes, index) => Buffer.concat([Buffer.from([index >> 8, index & 0xff]), bytes]))
  },

  async reset() {
    await known()
  },

  async run(input) {
    if (scene === null || input.length < 2) return
    const paths = [...scene.files.keys()]
    const replaced = paths[input.readUInt16BE(0) % paths.length]
    const disk = new MemoryDisk()
    for (const [path, bytes] of scene.files) {
      disk.createDirectory(path.split('/').slice(0, -1).join('/'))
      disk.replaceFile(path, path === replaced ? input.subarray(2) : bytes)
    }
    try {
      const { broker, lines } = await startOn(scene, disk)
      for (const groupId of groups) await committed(broker, groupId)
      await broker.stop()
      const mistake = lines.find((line) => line.includes('mistake of the broker'))
      assert.ok(mistake === undefined, mistake)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}
