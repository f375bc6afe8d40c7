# bash completion for @tool@, made from its options.

# What may stand for `value`, which is what is being typed without its quoting. Each appends to COMPREPLY.
_enas4d_words() { mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$*" -- "$value"); }
_enas4d_files() { _enas4d_paths ""; }
_enas4d_folders() { _enas4d_paths /; }

# Not compgen, which takes quoting in its word for a part of the name in some places and not in others.
_enas4d_paths() {
  local begin=$value path
  [[ $word != \~/* ]] || begin=$HOME${value#\~}
  compopt -o filenames
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
    set +f
    shopt -u failglob
    shopt -s nullglob
    for path in "$begin"*"$1"; do
      path=${path%/}
      printf '%s\n' "$value${path:${#begin}}"
    done
  )
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
    value=${value#*:}
    _enas4d_folders
    COMPREPLY=("${COMPREPLY[@]/#/$name}")
  else
    compopt -o nospace
    _enas4d_words fashion-mnist cifar10: cifar100: folder: synthetic
  fi
}

# What bash would make of a word whose end may be missing, in `plain`.
_enas4d_unquote() {
  local text=$1 quote="" c
  plain=""
  while [[ -n $text ]]; do
    c=${text:0:1} text=${text:1}
    if [[ $c == \\ && $quote != \' ]]; then
      plain+=${text:0:1} text=${text:1}
    elif [[ $c == "$quote" ]]; then
      quote=""
    elif [[ -z $quote && $c == [\'\"] ]]; then
      quote=$c
    else
      plain+=$c
    fi
  done
}

_enas4d_complete_@tool@() {
  # `typed` is what the answer replaces. Between words in COMP_WORDS there is a space, or a ':' or '=', a word of its own.
  local i=$COMP_CWORD word=${COMP_WORDS[COMP_CWORD]} typed=$2 option value ahead plain
  [[ $word == +([:=]) ]] || word=${word%%"$typed"*}$typed
  while ((i > 1)) && [[ -n $word && (${COMP_WORDS[i]} == +([:=]) || ${COMP_WORDS[i - 1]} == +([:=])) ]]; do
    word=${COMP_WORDS[--i]}$word
  done
  option=${COMP_WORDS[i - 1]}
  _enas4d_unquote "${word%"$typed"}"
  ahead=$plain
  _enas4d_unquote "$word"
  value=$plain
  if [[ $value == --*=* ]]; then
    option=${value%%=*} value=${value#*=} ahead=${ahead#*=}
  fi
  COMPREPLY=()
  case $option in
@values@
    *) _enas4d_words \
@flags@
      ;;
  esac
  COMPREPLY=("${COMPREPLY[@]#"$ahead"}")
  return 0
}
complete -F _enas4d_complete_@tool@ @tool@
