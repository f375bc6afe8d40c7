#!/usr/bin/env bash
# Code for one instruction set keeps all that it compiles to itself: what a linker might merge with other files' would then run on
# processors that lack those instructions.
#
#   local_symbols.sh OBJECT...
set -euo pipefail
[[ $# -gt 0 ]] || { echo "no object files"; exit 1; }
for object in "$@"; do
  shared=$(nm -C "$object" | grep -vE ' [bdrt] | D enas4d::k[A-Za-z0-9]+Code$| U mem(cpy|set|move)$' || true)
  [[ -z $shared ]] || { printf '%s: not its own:\n%s\n' "$object" "$shared"; exit 1; }
done
