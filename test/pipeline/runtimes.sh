#!/usr/bin/env bash
# An exported network in ONNX Runtime: all exits, the chain, early exit by each confidence measure and with a fixed exit, and the
# example program on images.
source "$(dirname "$0")/common.sh"
export LC_ALL=C
examples=$here/../../scripts/examples
# 77 tells ctest that the test was skipped.
[[ -e $examples/node_modules/onnxruntime-node ]] ||
  { echo "skipped: no ONNX Runtime, scripts/install-deps --with-onnxruntime brings it"; exit 77; }

make_photos_run
budget=$(jq -s '.[length / 2 | floor].val.average_macs | ceil' front.jsonl)

export_photos front.jsonl --average-macs "$budget" --format onnx --examples 1000 --verify -o net
examples_agree net node "$examples/check.mjs"

export_policies native,onnx margin entropy
for net in margin entropy fixed; do
  evaluate_photos "$net"
  examples_agree "$net" node "$examples/check.mjs"
  answers_alike "$net" node "$examples/classify.mjs"
done

# An image that goes on because it just misses the threshold is a close decision, however sure a later exit is.
enas4d-eval --model margin/subnet.safetensors --data folder:photos --cache cache --threads 1 --quiet --predictions val.csv >/dev/null
least=$(awk -F, '$3 == 1 { print $5 }' val.csv | sort -g | head -n 1)
cp -r margin near
jq --argjson least "$least" '.record.policy.thresholds = [$least + 1e-4]' margin/manifest.json >near/manifest.json
examples_agree near node "$examples/check.mjs"
jq -e '.close_decisions >= 1' check.json >/dev/null || fail "no close decision: $(cat check.json)"

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
printf 'P6%60sx' '' >blank.ppm
expect 1 "blank.ppm: must be a binary PPM or PGM" timeout 20 node "$examples/classify.mjs" net blank.ppm
cp -r net nan
sed -i 's/classifier_biasJ\(.\)..../classifier_biasJ\1\x00\x00\xc0\x7f/' nan/stage1.onnx
expect 1 "a logit is not finite" node "$examples/classify.mjs" nan photos/val/reddish/1.ppm
expect 1 "a logit is not finite" node "$examples/check.mjs" nan
rm bent/examples.safetensors
expect 1 "bent/examples.safetensors" node "$examples/check.mjs" bent
expect 1 "nowhere/manifest.json" node "$examples/check.mjs" nowhere
mkdir other
echo {} >other/manifest.json
expect 1 "other/manifest.json: is not a manifest" node "$examples/check.mjs" other
mkdir alone
cp "$examples"/*.mjs alone
expect 1 "there is no onnxruntime-node" node alone/classify.mjs net photos/val/reddish/1.ppm
export_photos front.jsonl --average-macs "$budget" --format onnx -o bare
expect 1 "bare: was exported without --examples" node "$examples/check.mjs" bare
