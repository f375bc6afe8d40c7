# shellcheck shell=bash
# Sourced by the scripts that build: goes to the root of the repository and offers the one build that they share, so that
# nothing is compiled twice. Scripts that take paths go back to where they were started: cd "$started_in".
set -euo pipefail
shopt -s inherit_errexit # inside $(...), too
export LC_ALL=C.UTF-8 # a bare machine has no other, and without it `column` spells out µ
# shellcheck disable=SC2034  # used by those who source this
started_in=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck disable=SC2034
root=$PWD

# The comment that a script begins with is its help.
usage() {
  sed -n '2,/^# shellcheck/s/^# \{0,1\}//p' "$root/scripts/${0##*/}" | head -n -1 >&2
  exit 2
}

say() { printf '\n== %s\n' "$*" >&2; }

# build TARGET...: installs what is missing and builds these targets with the preset `ci`. Narrates on standard error.
build() {
  scripts/install-deps
  {
    cmake --preset ci
    cmake --build --preset ci --target "$@"
  } >&2
}

# use_programs INSTALLED: those in PATH, or, where INSTALLED is empty, those of the build, which it brings up to date.
use_programs() {
  [[ -z $1 ]] || return 0
  build programs
  export PATH=$root/build/ci/bin:$PATH
}
