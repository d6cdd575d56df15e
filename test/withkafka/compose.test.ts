/**
 * The compose file of a real Apache Kafka. No Docker engine is needed: Docker Compose itself validates the file, and the
 * image's own program (from the same version's jars) turns each service's environment into a broker's settings.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { run, runToSuccess } from '../harness/child-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { quickJava } from '../harness/quick-java.ts'
import { classPath, dockerCompose, found, kafkaJars, skipUnless } from '../harness/tools.ts'
import {
  type ComposeFile,
  composePath,
  parseProperties,
  profiles,
  readComposeFile,
  type Service,
  servicesOf,
  settingsOf
} from './compose-file.ts'

const file = readComposeFile()
const brokers = Object.entries(file.services).filter(([name]) => name !== 'zookeeper')

/** The compose schema that Docker Compose ships, asked as Debian's Python has it. */
const SCHEMA_CHECK = `
import json, os, sys, yaml, jsonschema, compose.config
schema = json.load(open(os.path.join(os.path.dirname(compose.config.__file__), 'compose_spec.json')))
jsonschema.validate(yaml.safe_load(open(sys.argv[1])), schema)
`

async function composeConfig(args: readonly string[], env: Record<string, string> = {}): Promise<ComposeFile> {
  const output = await runToSuccess(found(dockerCompose()), ['-f', composePath, ...args, 'config'], { env })
  return parse(output.toString()) as ComposeFile
}

for (const profile of profiles) {
  test(`Docker Compose takes the file with profile ${profile}`, { skip: skipUnless(dockerCompose()) }, async () => {
    const config = await composeConfig(['--profile', profile])
    for (const [name, { image }] of servicesOf(file, profile)) assert.equal(config.services[name]?.image, image)
  })
}

test('the compose schema takes the file', { skip: skipUnless(dockerCompose()) }, async () => {
  const valid = await run('/usr/bin/python3', ['-c', SCHEMA_CHECK, composePath])
  assert.equal(valid.code, 0, valid.stderr)
})

test('the compose schema refuses a file that is not right', { skip: skipUnless(dockerCompose()) }, async () => {
  using scratch = temporaryDirectory('compose')
  const broken = join(scratch.path, 'docker-compose.yml')
  writeFileSync(broken, readFileSync(composePath, 'utf8').replaceAll('healthcheck:', 'heathcheck:'))
  const { code, stderr } = await run('/usr/bin/python3', ['-c', SCHEMA_CHECK, broken])
  assert.notEqual(code, 0)
  assert.match(stderr, /heathcheck/)
})

test(
  'another port moves what is published and what the brokers advertise',
  { skip: skipUnless(dockerCompose()) },
  async () => {
    const ports = { KAFKA_PORT: '19092', KAFKA_PORT_2: '19093', KAFKA_PORT_3: '19094' }
    const { services } = await composeConfig(['--profile', 'cluster'], ports)
    for (const [index, name] of ['kafka-1', 'kafka-2', 'kafka-3'].entries()) {
      assert.deepEqual(services[name]?.ports, [`127.0.0.1:${19092 + index}:9092/tcp`])
      assert.match(
        String(services[name]?.environment.KAFKA_ADVERTISED_LISTENERS),
        RegExp(`localhost:${19092 + index},`)
      )
    }
  }
)

test('without a profile there is one broker, as .env says', () => {
  assert.equal(readFileSync(join(dirname(composePath), '.env'), 'utf8'), 'COMPOSE_PROFILES=single\n')
  assert.deepEqual(
    servicesOf(file, 'single').map(([name]) => name),
    ['kafka']
  )
})

test('every image is pinned to a version of Apache Kafka, and only ZooKeeper needs 3.9', () => {
  for (const [name, { image, profiles: own }] of Object.entries(file.services))
    assert.match(image, own.includes('zookeeper') ? /^apache\/kafka:3\.9\.\d+$/ : /^apache\/kafka:4\.\d+\.\d+$/, name)
})

test('the brokers are published on this machine only, each profile from 9092 on', () => {
  const published = (profile: (typeof profiles)[number]) =>
    servicesOf(file, profile).flatMap(([, service]) => service.ports)
  assert.deepEqual(published('single'), ['127.0.0.1:9092:9092'])
  assert.deepEqual(published('cluster'), ['127.0.0.1:9092:9092', '127.0.0.1:9093:9092', '127.0.0.1:9094:9092'])
  assert.deepEqual(published('zookeeper'), ['127.0.0.1:2181:2181', '127.0.0.1:9092:9092'])
})

test('every broker is known as localhost to this machine and by its name to other containers', () => {
  for (const [name, service] of brokers) {
    const port = /:(\d+):9092$/.exec(service.ports[0] ?? '')?.[1]
    const settings = settingsOf(service)
    assert.equal(settings['advertised.listeners'], `HOST://localhost:${port},DOCKER://${service.hostname}:19092`)
    assert.match(settings.listeners ?? '', /^HOST:\/\/:9092,DOCKER:\/\/:19092/)
    assert.equal(service.hostname, name)
  }
})

test('every service has a health check, and a named volume of its own where it keeps its data', () => {
  const volumes = Object.values(file.services).flatMap((service) => service.volumes)
  for (const service of Object.values(file.services)) {
    assert.ok(service.healthcheck.test.length > 1 && service.healthcheck.retries > 0)
    assert.match(service.volumes[0] ?? '', /^[a-z0-9-]+:\/var\/lib\/kafka\/data$/)
  }
  assert.deepEqual(volumes.map((volume) => volume.split(':')[0]).sort(), Object.keys(file.volumes).sort())
  for (const [, service] of brokers) assert.equal(settingsOf(service)['log.dirs'], '/var/lib/kafka/data')
})

test('a cluster keeps three copies and writes to two at least; the three vote', () => {
  for (const [index, [name, service]] of servicesOf(file, 'cluster').entries()) {
    const settings = settingsOf(service)
    assert.equal(settings['node.id'], String(index + 1), name)
    assert.equal(settings['default.replication.factor'], '3')
    assert.equal(settings['min.insync.replicas'], '2')
    assert.equal(settings['offsets.topic.replication.factor'], '3')
    assert.equal(settings['transaction.state.log.replication.factor'], '3')
    assert.equal(settings['controller.quorum.voters'], '1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093')
  }
})

test('the broker that uses ZooKeeper waits until ZooKeeper is healthy', () => {
  const service = file.services['kafka-with-zookeeper']
  assert.deepEqual(service?.depends_on, { zookeeper: { condition: 'service_healthy' } })
  assert.equal(settingsOf(service)['zookeeper.connect'], 'zookeeper:2181')
})

/** The image's start script calls this class to write the settings and to prepare the data directory. */
const IMAGE_SETUP = 'kafka.docker.KafkaDockerWrapper'
const LOG_DEFAULTS = 'Configuration: { Loggers: { Root: { level: INFO }, Logger: [] } }\n'

/** What the start script makes of a service's environment; its data directory lies below `directory`. */
async function settingsByTheImage(service: Service, directory: string): Promise<Record<string, string>> {
  const [defaults, mounted, final] = [join(directory, 'defaults'), join(directory, 'mounted'), join(directory, 'final')]
  for (const path of [defaults, mounted, final]) mkdirSync(path)
  for (const log of ['log4j2.yaml', 'tools-log4j2.yaml']) writeFileSync(join(defaults, log), LOG_DEFAULTS)
  const environment = { ...service.environment, KAFKA_LOG_DIRS: join(directory, 'data') }
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]))
  const where = ['--default-configs-dir', defaults, '--mounted-configs-dir', mounted, '--final-configs-dir', final]
  const setup = [...quickJava('broker'), '-cp', classPath('broker'), IMAGE_SETUP, 'setup', ...where]
  await runToSuccess('java', setup, { env })
  return parseProperties(readFileSync(join(final, 'server.properties'), 'utf8'))
}

test(
  "the image's own program makes a broker's settings of each environment",
  { skip: skipUnless(kafkaJars('broker')) },
  async () => {
    const version = /^kafka_2\.13-(.*)\.jar$/m.exec(readdirSync(found(kafkaJars('broker'))).join('\n'))?.[1]
    for (const [name, service] of [...servicesOf(file, 'single'), ...servicesOf(file, 'cluster')]) {
      using scratch = temporaryDirectory('compose')
      const data = join(scratch.path, 'data')
      assert.equal(service.image, `apache/kafka:${version}`, 'the jars are those of the image')
      assert.deepEqual(
        await settingsByTheImage(service, scratch.path),
        { ...settingsOf(service), 'log.dirs': data },
        name
      )
      const meta = parseProperties(readFileSync(join(data, 'meta.properties'), 'utf8'))
      assert.equal(meta['cluster.id'], service.environment.CLUSTER_ID)
      assert.equal(meta['node.id'], settingsOf(service)['node.id'])
    }
  }
)
