/**
 * Brings the names of `using` and `await using` where they are missing: Jest 29 runs tests in a context of V8 of its own, which has
 * neither on a Node that brings them itself (20 and 22). They are Node's own there as well, kept under these keys.
 */
export function nameDisposal(): void {
  for (const name of ['dispose', 'asyncDispose'] as const) {
    if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol.for(`nodejs.${name}`) })
  }
}
