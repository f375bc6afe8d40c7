#!/usr/bin/env bash
# An exported network in ONNX Runtime: all exits, the chain, early exit, and the example program on images.
source "$(dirname "$0")/common.sh"
export LC_ALL=C # awk writes bytes
examples=$here/../../scripts/examples
# 77 tells ctest that the test was skipped.
[[ -e $examples/node_modules/onnxruntime-node ]] ||
  { echo "skipped: no ONNX Runtime, scripts/install-deps --with-onnxruntime brings it"; exit 77; }

# Two classes that differ in colour, as binary PPM of the network's size.
for part in train val; do
  for class in reddish bluish; do
    mkdir -p "photos/$part/$class"
    for ((i = 0; i < 60; ++i)); do
      { printf 'P6\n# made by a test\n12 12 255\n'; awk -v seed="$i$part" -v red="$([[ $class == reddish ]] && echo 60)" 'BEGIN {
          for (k = 0; k < length(seed); ++k) s = s * 7 + index("0123456789aeilnrtv", substr(seed, k + 1, 1)); srand(s)
          for (k = 0; k < 144; ++k) printf "%c%c%c", 33 + rand() * 60 + red, 33 + rand() * 60, 33 + rand() * 60 + (60 - red) }'; } \
        >"photos/$part/$class/$i.ppm"
    done
  done
done
jq '.input.channels = 3 | .classes = 2' "$here/tiny-space.json" >space.json
enas4d-train-ofa --space space.json --recipe "$here/tiny-recipe.json" --data folder:photos --cache cache --threads 1 --quiet -o run
enas4d-search --checkpoint run/supernet.safetensors --data folder:photos --cache cache --evaluations 6 --population 4 --threads 1 \
  --quiet -o front.jsonl
budget=$(jq -s '.[length / 2 | floor].val.average_macs | ceil' front.jsonl)

enas4d-export --checkpoint run/supernet.safetensors --specs front.jsonl --average-macs "$budget" --data folder:photos --cache cache \
  --format onnx --examples 1000 --verify --quiet -o net
node "$examples/check.mjs" net >check.json || fail "ONNX Runtime differs: $(cat check.json)"
jq -e '.images == 12 and .same_decisions + .close_decisions == 12' check.json >/dev/null || fail "check.json: $(cat check.json)"

# A weight that is off by a little is noticed.
cp -r net bent
LC_ALL=C sed -i 's/classifier_biasJ\(.\)..../classifier_biasJ\1\x00\x00\x80\x3f/' bent/stage1.onnx
cmp -s net/stage1.onnx bent/stage1.onnx && fail "nothing was bent"
node "$examples/check.mjs" bent >bent.json && fail "a changed weight is not noticed: $(cat bent.json)"

node "$examples/classify.mjs" net photos/val/*/{1,2,3}.ppm >lines.tsv || fail "classify.mjs"
[[ $(wc -l <lines.tsv) == 6 ]] || fail "six lines expected: $(cat lines.tsv)"
[[ $(awk -F'\t' '{ split($1, path, "/"); right += path[3] == $2 } END { print right }' lines.tsv) -ge 5 ]] ||
  fail "classes: $(cat lines.tsv)"
grep -qE $'\texit [12]\t[0-9]+ MACs$' lines.tsv || fail "exits: $(cat lines.tsv)"

# What can be wrong with them.
head -c 40 photos/val/reddish/1.ppm >cut.ppm
expect 1 "cut.ppm: is cut: " node "$examples/classify.mjs" net cut.ppm
: >empty.ppm
expect 1 "empty.ppm: must be a binary PPM or PGM" node "$examples/classify.mjs" net empty.ppm
expect 1 "nowhere/manifest.json" node "$examples/check.mjs" nowhere
enas4d-export --checkpoint run/supernet.safetensors --specs front.jsonl --average-macs "$budget" --data folder:photos --cache cache \
  --format onnx --quiet -o bare
expect 1 "bare: was exported without --examples" node "$examples/check.mjs" bare
