/** Whether a process of a simulation hears what comes from outside: never when it is gone, later while it is paused. */
export interface Attention {
  isAlive(): boolean
  whenAwake(work: () => void): void
}

/** Of who is always there, as the clients of a simulation are. */
export const attentive: Attention = { isAlive: () => true, whenAwake: (work) => work() }
