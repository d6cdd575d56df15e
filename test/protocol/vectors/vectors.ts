/**
 * Messages as Apache Kafka's own classes write them. The committed ones make the check run without Java; where Java and
 * Kafka's jars are, KafkaVectors.java makes them anew.
 *
 * `tsx test/protocol/vectors/vectors.ts DIR` writes the committed ones from the jars in DIR.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { factsFolder, type Group } from '../../../tools/generate-protocol/facts.ts'

export interface Vector {
  readonly group: Group
  readonly message: string
  readonly version: number
  readonly bytes: Buffer
  /** Kafka's own JSON of the value. */
  readonly json: unknown
}

const corpus = join(import.meta.dirname, '../fixtures/kafka-vectors.tsv.gz')

export function committedVectors(): Vector[] {
  return parse(gunzipSync(readFileSync(corpus)).toString('utf8'))
}

export function vectorsFromJars(jarsFolder: string): Vector[] {
  return parse(printed(jarsFolder))
}

function printed(jarsFolder: string): string {
  const program = join(import.meta.dirname, 'KafkaVectors.java')
  const args = ['-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp', join(jarsFolder, '*'), program, factsFolder]
  return execFileSync('java', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
}

function parse(text: string): Vector[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [group = '', message = '', version, hex = '', json = ''] = line.split('\t')
      return {
        group: group as Group,
        message,
        version: Number(version),
        bytes: Buffer.from(hex, 'hex'),
        json: JSON.parse(json) as unknown
      }
    })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(corpus, gzipSync(printed(process.argv[2] ?? ''), { level: 9 }))
}
