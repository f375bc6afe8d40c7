# shellcheck shell=bash
# Sourced by pipeline tests: paths of programs and documents, and checks that say what failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH=$1:$PATH
# shellcheck disable=SC2034  # used by those who source this
data=synthetic:train=600,test=120,classes=3,channels=1,size=12

fail() { echo "FAILED: $*" >&2; exit 1; }

# expect STATUS TEXT COMMAND...: the command ends with that status and one line on standard error that holds the text.
expect() {
  local status=$1 text=$2 got=0
  shift 2
  "$@" >expect.out 2>expect.err || got=$?
  [[ $got == "$status" ]] || fail "status $got instead of $status: $*: $(cat expect.err)"
  grep -qF -- "$text" expect.err || fail "no '$text' in: $(cat expect.err) ($*)"
  [[ $(wc -l <expect.err) == 1 ]] || fail "more than one line: $(cat expect.err) ($*)"
}

# Training as an array, so that a test can start the program itself in the background: "${train[@]}" RUN OPTIONS...
# shellcheck disable=SC2034
train=(enas4d-train-ofa --space "$here/tiny-space.json" --recipe "$here/tiny-recipe.json" --data "$data" --threads 1 --quiet -o)
