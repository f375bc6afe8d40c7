#!/usr/bin/env bash
# Twenty random networks of trained supernets with 1, 2 and 3 stages and both kinds of projections, in every format: run here
# and by ONNX Runtime on 1,000 images. Not part of ctest: it takes a quarter of an hour.
#
#   many_exports.sh FOLDER_OF_PROGRAMS DATA      in an empty folder; DATA: cifar10:DIR
source "$(dirname "$0")/common.sh"
data=$2
examples=$here/../../scripts/examples
spaces=$here/../../schemas/spaces

jq '.phases |= map(.epochs = 0.3 | .warm_up_epochs = 0.05)' "$here/../../schemas/recipes/quick.json" >short.json

# SPACE PROJECTIONS NETWORKS
exports() {
  local run=$1-$2
  jq --arg reads "$2" '.projection_reads = $reads' "$spaces/$1.json" >"$run.json"
  enas4d-train-ofa --space "$run.json" --recipe ./short.json --data "$data" --quiet -o "$run"
  enas4d-search --checkpoint "$run/supernet.safetensors" --data "$data" --strategy random --evaluations $(($3 * 6)) --seed 1 --quiet \
    -o "$run.jsonl"
  # One policy of each network, until there are enough.
  jq -sc --argjson networks "$3" 'group_by(.spec) | .[:$networks][] | .[length / 2 | floor]' "$run.jsonl" >"$run.specs"
  while read -r record; do
    echo "$record" >one.json
    rm -rf net
    enas4d-export --checkpoint "$run/supernet.safetensors" --specs one.json --data "$data" --format native,onnx,torchscript \
      --verify --examples 1000 -o net 2>verified || fail "export: $(cat verified)"
    node "$examples/check.mjs" net | jq -c --arg run "$run" '{space: $run} + .' || fail "ONNX Runtime answers otherwise"
    sed "s/^/$run: /" verified >&2
  done <"$run.specs"
}

exports cifar10-static own 5
exports cifar10 own 5
exports cifar10-3s own 5
exports cifar10-3s all 5
