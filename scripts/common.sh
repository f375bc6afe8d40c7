# shellcheck shell=bash
# Sourced by the scripts that build: goes to the root of the repository and offers the one build that they share, so that
# nothing is compiled twice.
set -euo pipefail
shopt -s inherit_errexit # inside $(...), too
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# build TARGET...: installs what is missing and builds these targets with the preset `ci`. Narrates on standard error.
build() {
  scripts/install-deps
  {
    cmake --preset ci
    cmake --build --preset ci --target "$@"
  } >&2
}
