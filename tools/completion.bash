# bash completion for @tool@, made from its options.

# What may stand for the value that is being typed. Each appends to COMPREPLY.
_enas4d_words() { mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$*" -- "$value"); }
_enas4d_files() {
  compopt -o filenames
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$value")
}
_enas4d_folders() {
  compopt -o filenames
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$value")
}

# The last of several words with commas between them.
_enas4d_list() {
  local before=""
  [[ $value == *,* ]] && before=${value%,*},
  compopt -o nospace
  mapfile -t COMPREPLY < <(compgen -W "$*" -P "$before" -- "${value##*,}")
}

# NAME[:DIR].
_enas4d_data() {
  if [[ $value == *:* ]]; then
    local name=${value%%:*}:
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -d -P "$name" -- "${value#*:}")
  else
    compopt -o nospace
    _enas4d_words fashion-mnist cifar10: cifar100: folder: synthetic
  fi
}

_enas4d_complete_@tool@() {
  local typed=${COMP_LINE:0:COMP_POINT} before option value
  value=${typed##*[[:space:]]}
  read -ra before <<<"${typed%"$value"}"
  option=${before[-1]}
  if [[ $value == --*=* ]]; then
    option=${value%%=*} value=${value#*=}
  fi
  COMPREPLY=()
  case $option in
@values@
    *) _enas4d_words \
@flags@
      ;;
  esac
  # bash takes what stands before the last colon for a word of its own, which is there already.
  local before_colon=${value%"${value##*:}"}
  [[ $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("${COMPREPLY[@]#"$before_colon"}")
  return 0
}
complete -F _enas4d_complete_@tool@ @tool@
