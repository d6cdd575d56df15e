/**
 * What each shell runs at a press of Tab: it asks `odradek completion-words` with the words of the line, the last one as far as it
 * is typed. What a word means is known there, not here. A name that ends in = is followed by its value, not by a space: fish and
 * PowerShell know.
 */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

const bash = `_odradek_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(odradek completion-words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -o default -F _odradek_complete odradek
`

const zsh = `_odradek_complete() {
  local -a found
  found=("\${(@f)$(odradek completion-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z "$found[1]" ]]; then _files
  elif [[ "$found[1]" == *= ]]; then compadd -S '' -a found
  else compadd -a found; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _odradek_complete odradek
`

const fish = `function __odradek_complete
  set -l words (commandline -opc)
  odradek completion-words -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c odradek -f -a '(__odradek_complete)'
`

const powershell = `Register-ArgumentCompleter -Native -CommandName odradek -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += "''" }
  odradek completion-words -- @words 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell }
