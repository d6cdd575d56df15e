/** Every target. */
import type { Target } from '../target.ts'
import { batches } from './batches.ts'
import { codecs } from './codecs.ts'
import { compression } from './compression.ts'
import { directory } from './directory.ts'
import { frames } from './frames.ts'
import { logFiles } from './log-files.ts'

export const targets: readonly Target[] = [codecs, frames, batches, compression, logFiles, directory]
