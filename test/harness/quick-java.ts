/**
 * A Java that lives for seconds spends most of them on compiling and on loading classes: a Kafka's start takes 4.1 s of processor
 * time, and 1.5 s with the first compiler alone and its classes in an archive (JEP 350). `learn-classes.ts` makes the archives; Java holds
 * them against the jars, and does without one that is of others. What measures Kafka leaves all this out.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from './paths.ts'
import type { JarSet } from './tools.ts'

/** Without a word of the archive on stdout, which belongs to the tools. */
export const firstCompiler: readonly string[] = ['-XX:TieredStopAtLevel=1', '-Xlog:disable']

/** What `java` is given before everything else. */
export function quickJava(set: JarSet): readonly string[] {
  const archive = archiveOf(set)
  return [...firstCompiler, ...(existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [])]
}

export function archiveOf(set: JarSet): string {
  return join(cacheDirectory, 'java', `${set}.jsa`)
}
