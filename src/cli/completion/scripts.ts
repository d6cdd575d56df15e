/**
 * What each shell runs at a press of Tab: it asks `odradek completion-words` with the words of the line, the last one as far as it
 * is typed. What a word means is known there, not here. A name that ends in = is followed by its value, not by a space: fish and
 * PowerShell know.
 *
 * bash cuts words at : and = too (COMP_WORDBREAKS), and sets what is found in the place of the last piece: the pieces of a word are
 * put together again by where they stand on the line, and what stands before the last piece is taken off what is found.
 */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

const bash = `_odradek_complete() {
  local IFS=$'\\n' rest=$COMP_LINE words=() piece next last before=''
  for piece in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    next=\${rest#"\${rest%%[![:space:]]*}"}
    if [[ \${#words[@]} -gt 0 && $next == "$rest" && -n $rest ]]; then
      last=\${words[\${#words[@]}-1]}
      words[\${#words[@]}-1]=$last$piece
    else
      words+=("$piece")
    fi
    rest=\${next#"$piece"}
  done
  last=\${words[\${#words[@]}-1]}
  [[ $last == "$piece" ]] || before=\${last%"\${last##*[:=]}"}
  COMPREPLY=($(odradek completion-words -- "\${words[@]:1}" 2>/dev/null))
  COMPREPLY=("\${COMPREPLY[@]#"$before"}")
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
  set -l found (odradek completion-words -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test -n "$found"
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
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
