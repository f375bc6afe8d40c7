#!/usr/bin/env bash
# From training to an exported network that exits early: every program, chained as a user would.
source "$(dirname "$0")/common.sh"

"${train[@]}" run
weights=run/supernet.safetensors
for file in "$weights" run/checkpoint.safetensors run/run.json run/metrics.jsonl; do
  [[ -s $file ]] || fail "no $file"
done

# Records flow through pipes.
enas4d-sample --space "$here/tiny-space.json" --count 3 --seed 7 |
  enas4d-eval --checkpoint "$weights" --data "$data" --specs - --threads 1 --quiet >records.jsonl
jq -se 'length == 3 and all(.val.images == 60) and (map(.val.accuracy) | max > 0.4)' records.jsonl >/dev/null ||
  fail "three records better than chance (1 in 3) expected: $(cat records.jsonl)"

search=(enas4d-search --checkpoint "$weights" --data "$data" --evaluations 12 --population 6 --threads 1 --quiet)
"${search[@]}" -o front.jsonl
jq -se 'map(.val.average_macs) == (map(.val.average_macs) | sort) and (map(.val.accuracy) == (map(.val.accuracy) | sort))' \
  front.jsonl >/dev/null || fail "a front rises in cost and accuracy"
[[ $(wc -l <front.jsonl.journal/journal.jsonl) == 13 ]] || fail "the journal has a key and 12 evaluations"

# A search without its last evaluations goes on and ends with the same front.
cp -r front.jsonl.journal cut.journal
head -n 5 front.jsonl.journal/journal.jsonl >cut.journal/journal.jsonl
printf '{"format":"enas4d/rec' >>cut.journal/journal.jsonl
"${search[@]}" --journal cut.journal >again.jsonl
cmp front.jsonl again.jsonl || fail "the resumed search ended with another front"

budget=$(jq -s '.[length / 2 | floor].val.average_macs | ceil' front.jsonl)
enas4d-export --checkpoint "$weights" --specs front.jsonl --average-macs "$budget" --data "$data" -o net
enas4d-eval --model net/subnet.safetensors --data "$data" --split test --curve --time >test.json
jq -e --argjson budget "$budget" '
  .test.images == 120 and (.test.exit_share | add) > 0.999 and .test.accuracy > 0.4
  and .val.average_macs <= $budget and (.time | length) == 2 and (.curve | length) > 0' test.json >/dev/null ||
  fail "test.json: $(cat test.json)"

# The most memory is that of the program, not of who started it.
peak=$(python3 -c '
import subprocess, sys
held = b"x" * (1 << 30)
sys.stdout.write(subprocess.run(sys.argv[1:], capture_output=True, check=True, text=True).stdout)' \
  enas4d-eval --model net/subnet.safetensors --data "$data" --report | jq .peak_mib)
jq -ne "$peak < 900" >/dev/null || fail "peak_mib is $peak under a process of 1 GiB"

# Where results do not go into a file, no journal lies beside them; two results do not go into one file.
"${search[@]}" -o /dev/null
[[ ! -e /dev/null.journal ]] || fail "a journal beside /dev/null"
expect 2 "--predictions: must be another file than --output" \
  enas4d-eval --model net/subnet.safetensors --data "$data" --predictions same -o ./same

# The same command again has nothing to do and changes nothing.
sum=$(sha256sum run/checkpoint.safetensors)
"${train[@]}" run
[[ $sum == "$(sha256sum run/checkpoint.safetensors)" ]] || fail "a finished run was changed"

# Shipped names, fixed order, and readers that leave early.
enas4d-sample --space cifar10 --count 200000 | head -n 2 >two.jsonl || true
[[ $(wc -l <two.jsonl) == 2 ]] || fail "head got $(wc -l <two.jsonl) lines"

enas4d-sample --space "$here/tiny-space.json" --which largest >largest.json

# A disk that fills up while a network is exported.
for format in native onnx torchscript; do
  expect 1 "cannot be written: File too large" bash -c \
    "ulimit -f 4; trap '' XFSZ; exec enas4d-export --checkpoint '$weights' --specs largest.json --data '$data' --format $format --quiet -o full"
  [[ ! -e full ]] || fail "$format: half an export is left: $(find full)"
done
