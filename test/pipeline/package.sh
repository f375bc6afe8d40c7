#!/usr/bin/env bash
# The Debian packages that cpack makes of a finished build: what they need and what is in them.
source "$(dirname "$0")/common.sh"

cpack --config "$1/../CPackConfig.cmake" -G DEB -B "$PWD" >cpack.log 2>&1 || fail "cpack: $(tail -n 5 cpack.log)"
programs=$(echo enas4d_*.deb) development=$(echo libenas4d-dev_*.deb)

# needs PACKAGE NAME...: depends on them by name.
needs() {
  local package=$1 depends name
  shift
  depends=", $(dpkg-deb -f "$package" Depends),"
  for name; do
    [[ $depends == *", $name,"* ]] || fail "$package does not need $name, but $depends"
  done
}
needs "$programs" libopenblas0-openmp
needs "$development" "enas4d (= $(dpkg-deb -f "$programs" Version))" libtorch-dev
[[ $(dpkg-deb -f "$programs" Depends) == *libtorch* ]] || fail "cpack did not look for the programs' libraries"

# holds PACKAGE FILE...: all of these.
holds() {
  local package=$1 file
  shift
  dpkg-deb -c "$package" >files.txt
  for file; do
    grep -qF " .$file" files.txt || fail "$package lacks $file"
  done
  grep -E 'node_modules|__pycache__' files.txt && fail "$package holds what is not ours"
  return 0
}
holds "$programs" /usr/bin/enas4d-search /usr/share/man/man1/enas4d-search.1 \
  /usr/share/bash-completion/completions/enas4d-search /usr/share/enas4d/schemas/spaces/cifar10.json \
  /usr/share/enas4d/schemas/recipes/quick.json /usr/share/enas4d/schemas/config/enas4d-search.schema.json
grep -qE '^-rwx.* ./usr/share/doc/enas4d/scripts/examples/classify.py$' files.txt || fail "the packaged examples do not run"
holds "$development" /usr/include/enas4d/arch/plan.h
grep -q '/cmake/enas4d/enas4dConfig.cmake$' files.txt || fail "$development lacks what find_package(enas4d) looks for"
