/**
 * `odradek completion`: prints the lines that teach a shell to complete our words; and the hidden command that the shell then asks
 * at each press of Tab.
 */
import { wrongUsage } from '../cli-error.ts'
import type { CommandDefinition } from '../command.ts'
import { ExitCode } from '../exit-codes.ts'
import { didYouMean } from '../similar.ts'
import { scripts, shells } from './scripts.ts'

export const completion: CommandDefinition = {
  name: 'completion',
  summary: 'teach your shell to complete commands, options, topics and groups',
  notes: `Prints a script; put the line of your shell where it reads one at its start:
  bash        eval "$(odradek completion bash)"            in ~/.bashrc
  zsh         eval "$(odradek completion zsh)"             in ~/.zshrc
  fish        odradek completion fish | source             in config.fish
  PowerShell  odradek completion powershell | Out-String | Invoke-Expression
                                                           in $PROFILE
It completes the command odradek, so that has to be installed: with npm install
-g odradek, or in a clone npm install -g "$(npm pack ./dist)". Topics and groups
come from the broker at localhost:9092, or the one that KAFKA_BROKERS or -b on
the line names; one that does not answer within 300 ms is not waited for.`,
  arguments: [{ name: '<shell>', description: shells.join(', '), words: shells }],
  examples: [['eval "$(odradek completion bash)"', 'in this bash, now']],
  async run({ args, terminal }) {
    const shell = shells.find((one) => one === args[0]) ?? (args[0] === 'pwsh' ? 'powershell' : undefined)
    if (shell === undefined) {
      throw wrongUsage(
        `there is no completion for "${args[0]}"`,
        `${didYouMean(args[0] ?? '', shells)}known are ${shells.join(', ')}`
      )
    }
    await terminal.write(scripts[shell])
    return ExitCode.done
  }
}

export const completionWords: CommandDefinition = {
  name: 'completion-words',
  hidden: true,
  summary: 'what may come next on a line, one a line',
  arguments: [{ name: '[word...]', description: 'the words behind odradek; the last one is being typed' }],
  async run({ args, global, terminal }) {
    const { wordsFor } = await import('./words.ts')
    const words = await wordsFor(args, global)
    await terminal.write(words.map((word) => `${word}\n`).join(''))
    // A broker that has not answered by now is not waited for: a shell hands its reader back when this process has ended.
    process.exit(ExitCode.done)
  }
}
