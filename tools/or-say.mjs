/** For imports of what a fresh clone lacks: who ran a command too early reads what to do, and no list of module loaders. */
export function orSay(what, why) {
  return (error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    process.stderr.write(`error: ${what}\n  why: ${why}\n  try: npm install\n`)
    process.exit(1)
  }
}
