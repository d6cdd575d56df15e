/** Makes the archives of classes with which Apache Kafka and its tools start sooner (quick-java.ts), once, when the jars are fetched. */
import { existsSync, renameSync, statSync } from 'node:fs'
import { runToSuccess } from './child-process.ts'
import { javaArguments } from './java-tool.ts'
import { archiveOf, firstCompiler } from './quick-java.ts'
import { startRealKafka } from './real-kafka.ts'
import { type JarSet, kafkaJars } from './tools.ts'

const sets: readonly JarSet[] = ['broker', 'tools']

/** From a Kafka that serves for a moment, and a tool that makes a topic there. Archives that are newer than their jars are left alone. */
export async function learnClasses(report: (line: string) => void): Promise<void> {
  if (sets.every(isThere)) return
  if (sets.some((set) => 'missing' in kafkaJars(set))) return
  report('learning the classes of Apache Kafka, for it to start sooner')
  const kafka = await startRealKafka({ javaArguments: learning('broker') })
  const topic = ['--bootstrap-server', kafka.bootstrap, '--create', '--topic', 'learned']
  await runToSuccess('java', javaArguments('org.apache.kafka.tools.TopicCommand', topic, learning('tools')))
  await kafka.stop()
  for (const set of sets) if (existsSync(unfinished(set))) renameSync(unfinished(set), archiveOf(set))
}

function isThere(set: JarSet): boolean {
  const jars = kafkaJars(set)
  const archive = archiveOf(set)
  return 'found' in jars && existsSync(archive) && statSync(archive).mtimeMs >= statSync(jars.found).mtimeMs
}

function learning(set: JarSet): readonly string[] {
  return [...firstCompiler, `-XX:ArchiveClassesAtExit=${unfinished(set)}`]
}

/** Half of an archive is never taken for one. */
function unfinished(set: JarSet): string {
  return `${archiveOf(set)}.new`
}
