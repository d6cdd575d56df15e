/** A disk whose syncs wait where a test wants it to: for what else happens meanwhile. */
import type { DiskFile } from '../../src/host/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'

export class HeldDisk extends SimulatedDisk {
  /** A sync of a file or a directory begins when this resolves, and fails when it rejects. */
  beforeSync: (path: string) => Promise<void> = () => Promise.resolve()

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    const file = super.open(path, mode)
    const { sync } = file
    file.sync = async () => {
      await this.beforeSync(path)
      return sync()
    }
    return file
  }

  override async syncDirectory(path: string): Promise<void> {
    await this.beforeSync(path)
    return super.syncDirectory(path)
  }
}

export interface Hold {
  readonly over: Promise<void>
  release(): void
  refuse(reason: Error): void
}

export function hold(): Hold {
  let release: () => void = () => {}
  let refuse: (reason: Error) => void = () => {}
  const over = new Promise<void>((resolve, reject) => {
    release = resolve
    refuse = reject
  })
  return { over, release, refuse }
}
