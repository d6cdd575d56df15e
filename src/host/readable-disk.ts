/** A disk of which nothing can be changed: for looking into a directory that is somebody's. Every `Disk` is one. */
import type { Disk, DiskFile } from './disk.ts'

export type ReadableFile = Pick<DiskFile, 'sizeBytes' | 'read' | 'close'>

export interface ReadableDisk extends Pick<Disk, 'location' | 'list' | 'exists' | 'sizeOf' | 'readFile'> {
  open(path: string, mode: 'existing'): ReadableFile
}
