#!/usr/bin/env bash
# Twenty random networks of trained supernets, each in every format, run here and by ONNX Runtime on 1,000 images of val: one, two
# and three stages, both kinds of projections, squeeze-excite, kernels 3, 5 and 7, every confidence measure. A line of JSON for each,
# and one at the end that sums up. Not part of ctest: it takes a quarter of an hour on two cores.
#
#   many_exports.sh FOLDER_OF_PROGRAMS DATA      in an empty folder; DATA: cifar10:DIR
source "$(dirname "$0")/common.sh"
data=$2
examples=$here/../../scripts/examples
schemas=$here/../../schemas
[[ -e $examples/node_modules/onnxruntime-node ]] || fail "no ONNX Runtime, scripts/install-deps --with-onnxruntime brings it"

jq '.phases |= map(.epochs = 0.2 | .warm_up_epochs = 0.05)' "$schemas/recipes/quick.json" >short.json

# check_network RUN SPEC CONFIDENCE: all formats of one network, as a line of networks.jsonl.
check_network() {
  # Of its own curve the policy that sends images to all exits, as evenly as there is one.
  enas4d-search --checkpoint "$1/supernet.safetensors" --data "$data" --specs "$2" --strategy random --evaluations 1 \
    --confidence "$3" --quiet >curve.jsonl
  jq -sc 'max_by(.val.exit_share | min)' curve.jsonl >record.json
  jq -e --slurpfile drawn "$2" '.spec == $drawn[0].spec' record.json >/dev/null || fail "not the network that was drawn: $(cat record.json)"
  rm -rf net
  enas4d-export --checkpoint "$1/supernet.safetensors" --data "$data" --specs record.json --format native,onnx,torchscript \
    --verify --examples 1000 --log-format json -o net 2>export.log || fail "export: $(cat export.log)"
  node "$examples/check.mjs" net >onnxruntime.json || fail "ONNX Runtime answers otherwise: $(cat onnxruntime.json)"
  jq -sc --arg supernet "$1" --slurpfile record record.json --slurpfile runtime onnxruntime.json '
    $record[0] as {$spec, $policy, $val}
    | [.[].message | capture("^(?<what>.+): (?<same>\\d+) of (?<images>\\d+) images .*\\((?<close>\\d+) close .* by (?<by>\\S+) at most$")
        | {what, images: (.images | tonumber), same: (.same | tonumber), close: (.close | tonumber), difference: (.by | tonumber)}]
      + ($runtime | map({what: "onnxruntime", images, same: .same_decisions, close: .close_decisions,
          difference: ([.all_exits_difference, .chain_difference] | max)}))
    | {supernet: $supernet, kernels: ([$spec.stages[].units[].blocks[].kernel] | unique), confidence: $policy.confidence,
       exit_share: $val.exit_share, checks: .}' export.log | tee -a networks.jsonl
}

# check_supernet SPACE PROJECTIONS: four networks.
check_supernet() {
  local run=$1-$2 spec=0 confidence
  jq --arg reads "$2" '.projection_reads = $reads | .units[1:][].kernel = [3, 5, 7]' "$schemas/spaces/$1.json" >"$run.json"
  enas4d-sample --space "$run.json" -n 4 --unique --seed 1 >"$run.specs"
  enas4d-train-ofa --space "$run.json" --recipe ./short.json --data "$data" --quiet -o "$run"
  for confidence in max_softmax margin entropy max_softmax; do
    sed -n "$((++spec))p" "$run.specs" >spec.json
    check_network "$run" spec.json "$confidence"
  done
}

check_supernet cifar10-static own # of one stage: there are no others to read
check_supernet cifar10 own
check_supernet cifar10 all
check_supernet cifar10-3s own
check_supernet cifar10-3s all

# Images whose decision is a close one and another are counted apart.
jq -sc '[.[].checks[]] as $checks
  | {networks: length, all_exits_used: (map(select(.exit_share | min > 0)) | length),
     kernels: ([.[].kernels[]] | unique), confidences: ([.[].confidence] | unique),
     checks: ($checks | length), least_images: ($checks | map(.images) | min), worst_difference: ($checks | map(.difference) | max),
     equal_decisions: ($checks | (map(.same) | add) / (map(.images - .close) | add)),
     least_equal_decisions: ($checks | map(.same / (.images - .close)) | min), close_decisions: ($checks | map(.close) | add)}' \
  networks.jsonl | tee summary.json
# In each check the programs themselves have held logits to 1e-4 absolute plus 1e-4 relative.
jq -e '.networks == 20 and .checks == 100 and .least_images == 1000 and .least_equal_decisions >= 0.999
  and .kernels == [3, 5, 7] and (.confidences | length) == 3' summary.json >/dev/null || fail "less was checked, or less agrees: $(cat summary.json)"
