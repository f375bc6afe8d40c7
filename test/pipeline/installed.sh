#!/usr/bin/env bash
# What `cmake --install` puts down works from a folder of its own, and programs can be built on it.
source "$(dirname "$0")/common.sh"
build=$(cd "$1/.." && pwd)
source_folder=$(cd "$here/../.." && pwd)
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

cmake --install "$build" --prefix "$PWD/first" >install.log || fail "$(tail -n 3 install.log)"
mv first prefix # nothing knows where it was installed
export PATH=$PWD/prefix/bin:$PATH
[[ $(command -v enas4d-sample) == "$PWD/prefix/bin/enas4d-sample" ]] || fail "not the installed program"
for file in share/man/man1/enas4d-search.1 share/bash-completion/completions/enas4d-search share/doc/enas4d/README.md \
  share/enas4d/schemas/space.schema.json include/enas4d/arch/plan.h; do
  [[ -s prefix/$file ]] || fail "not installed: $file"
done

# Documents find each other, and what else they link to.
for document in README.md schemas/README.md lib/README.md scripts/examples/README.md; do
  folder=prefix/share/doc/enas4d/$(dirname "$document")
  while read -r link; do
    [[ -e $folder/$link ]] || fail "the installed $document links to $link, which is not installed"
  done < <(grep -oE '\]\([^)#]+' "prefix/share/doc/enas4d/$document" | cut -c 3- | grep -v '://')
done

grep -rn --include='*.cmake' /lib/gcc/ prefix && fail "find_package(enas4d) asks for one version of GCC"

# Shipped documents are those that were installed.
jq '.name = "moved"' prefix/share/enas4d/schemas/spaces/cifar10.json >prefix/share/enas4d/schemas/spaces/moved.json
[[ $(enas4d-sample --space moved --describe | head -n 1) == moved:* ]] || fail "the installed space is not found"

# The example in C++ classifies as the programs do.
"${train[@]}" run
enas4d-sample --space "$here/tiny-space.json" --which largest |
  enas4d-export --checkpoint run/supernet.safetensors --specs - --data "$data" --threads 1 --quiet -o net
# Compiled as the library was: what is linked with a sanitizer needs it everywhere.
same=()
for name in CMAKE_CXX_COMPILER CMAKE_BUILD_TYPE CMAKE_CXX_FLAGS "CMAKE_CXX_FLAGS_$(cached CMAKE_BUILD_TYPE | tr '[:lower:]' '[:upper:]')"; do
  same+=("-D$name=$(cached "$name")")
done
cmake -S "$source_folder/scripts/examples/cpp" -B example -DCMAKE_PREFIX_PATH="$PWD/prefix" "${same[@]}" >example.log 2>&1 ||
  fail "$(tail -n 5 example.log)"
cmake --build example >>example.log 2>&1 || fail "$(tail -n 20 example.log)"
{ printf 'P5\n20 12\n255\n'; head -c 240 /dev/zero; } >black.pgm
example/classify net/subnet.safetensors black.pgm >line.tsv || fail "classify"
grep -qE $'^black.pgm\t[^\t]+\t[01][.][0-9]{4}\texit [12]\t[0-9]+ MACs$' line.tsv || fail "$(cat line.tsv)"
expect 1 "nothing.pgm: cannot be read: " example/classify net/subnet.safetensors nothing.pgm
expect 1 "black.pgm: " example/classify black.pgm black.pgm
