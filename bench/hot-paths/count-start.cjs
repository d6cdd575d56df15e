/**
 * Loaded before a program (`node --require`): counts what its start costs that does not depend on the machine, and tells it on
 * standard error, as JSON, when the program says on standard output that it is ready.
 */
const fs = require('node:fs')
const vm = require('node:vm')

const counts = { syncs: 0, sourceBytes: 0, code: 'none' }

for (const name of ['fsyncSync', 'fdatasyncSync', 'fsync', 'fdatasync']) {
  const real = fs[name]
  fs[name] = (...words) => {
    counts.syncs += 1
    return real(...words)
  }
}

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options)
    counts.sourceBytes += source.length
    counts.code = this.cachedDataRejected === false ? 'taken' : 'refused'
  }
}

const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (text, ...more) => {
  if (String(text).startsWith('{"event":"ready"')) {
    const modules = process.moduleLoadList.filter((name) => name.startsWith('NativeModule')).length
    process.stderr.write(`${JSON.stringify({ ...counts, modules })}\n`)
  }
  return write(text, ...more)
}
