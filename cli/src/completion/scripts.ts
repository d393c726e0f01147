/**
 * What shells load. Each asks `halfkey completion suggest -- WORD…`, and takes its lines as they are: none of them is read
 * as a piece of shell again. `halfkey` is looked for in PATH alone: a key press must not start a program of some directory.
 */

export const shells = ["bash", "zsh", "fish"] as const
export type Shell = (typeof shells)[number]

export const scripts: Readonly<Record<Shell, string>> = {
  bash: `_halfkey() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(command halfkey completion suggest -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _halfkey halfkey
`,
  zsh: `#compdef halfkey
_halfkey() {
  local -a found
  found=("\${(@f)$(command halfkey completion suggest -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then
    compadd -- "\${found[@]}"
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _halfkey ]]; then
  _halfkey "$@"
else
  compdef _halfkey halfkey
fi
`,
  fish: `function __halfkey_suggest
    set -l words (commandline -opc) (commandline -ct)
    command halfkey completion suggest -- $words[2..-1] 2>/dev/null
end
complete -c halfkey -f
complete -c halfkey -n 'not count (__halfkey_suggest) >/dev/null' -F
complete -c halfkey -a '(__halfkey_suggest)'
`,
}
