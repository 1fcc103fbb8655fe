/**
 * What `secrets completion SHELL` prints: a function that asks the program at each Tab. No list stands in it, so that it is never older than
 * the program. Whatever goes wrong, the shell gets nothing, and no word of it is seen.
 */

/** Bash from 3.2 on. It cuts words at `=`, which are put together again. */
const BASH = `# completion of secrets and keyturn for bash
_secrets() {
  local word value rest current=\${COMP_WORDS[COMP_CWORD]} words=() i last
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]} last=$((\${#words[@]} - 1))
    if ((last >= 0)) && { [[ $word == = && \${words[last]} == --* ]] || [[ \${words[last]} == --*= ]]; }; then
      words[last]=\${words[last]}$word
    else
      words+=("$word")
    fi
  done
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    case $value in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$current")
        ;;
      :programs)
        while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -c -- "$current" | sort -u)
        ;;
      --*=*) COMPREPLY+=("\${value#*=}") ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done < <("$1" completion bash -- "\${words[@]}" 2>/dev/null)
}
complete -F _secrets secrets keyturn
`

/** Works as a file in fpath and when it is sourced. */
const ZSH = `#compdef secrets keyturn
# completion of secrets and keyturn for zsh
_secrets() {
  local value text
  local -a typed found
  typed=("\${(@Q)words[2,CURRENT]}")
  while IFS=$'\\t' read -r value text; do
    case $value in
      :files) compset -P '--*='; _files; return ;;
      :programs) _command_names -e; return ;;
      *) found+=("\${value//:/\\\\:}\${text:+:$text}") ;;
    esac
  done < <("\${words[1]}" completion zsh -- "\${typed[@]}" 2>/dev/null)
  _describe -V secrets found
}
if [[ \${funcstack[1]} == _secrets ]]; then
  _secrets "$@"
elif (( $+functions[compdef] )); then
  compdef _secrets secrets keyturn
fi
`

const FISH = `# completion of secrets and keyturn for fish
function __secrets_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    set -l found ($program completion fish -- $words "$current" 2>/dev/null)
    switch "$found[1]"
        case ':files*'
            set -l option (string match -r -- '^--[a-z-]+=' "$current")
            __fish_complete_path (string replace -r -- '^--[a-z-]+=' '' "$current") | string replace -r -- '^' "$option"
        case ':programs*'
            __fish_complete_command
        case '*'
            string join \\n -- $found
    end
end
complete -c secrets -f -k -a '(__secrets_complete)'
complete -c keyturn -f -k -a '(__secrets_complete)'
`

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
