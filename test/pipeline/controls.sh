#!/usr/bin/env bash
# scripts/controls and scripts/plot on tiny networks: each control has its row, pictures are drawn, and neither half an export nor
# another question in the same folder is answered with what lies there.
source "$(dirname "$0")/common.sh"
scripts=$here/../../scripts

# Two units, so that an exit fits between them; and the same with one stage.
jq '.units += .units' "$here/tiny-space.json" >space.json
jq '.stages = 1' space.json >static-space.json
for run in "" static-; do
  enas4d-train-ofa --space "./${run}space.json" --recipe "$here/tiny-recipe.json" --epochs 3 --data "$data" --threads 1 --quiet \
    -o "${run}run"
done
budget=$(enas4d-sample --space ./space.json --count 21 | jq -s 'map(.macs[-1]) | sort | .[10]')
controls=("$scripts/controls" --installed --checkpoint run/supernet.safetensors --data "$data" --evaluations 8 -o out)
fair=(--static static-run/supernet.safetensors)
ask() { "${controls[@]}" "$@" >rows.jsonl 2>log || fail "controls ended with $?: $(tail -n 3 log)"; }

ask "${fair[@]}" --average-macs "$budget" --published "$scripts/pictures/published-cifar10.json"
cmp rows.jsonl out/controls.jsonl
names='["best network of a static supernet","best static child, same weights","entropy (searched for max_softmax)",
  "exits along depth, static child","exits along depth, static supernet","margin (searched for max_softmax)",
  "oracle at equal accuracy (bound)","oracle exit (bound)","random exit","searched dynamic network"]'
jq -se --argjson names "$names" '(map(.name) | sort) == $names and all(.accuracy > 0.2 and .accuracy < 1 and .error > 0 and .train_seconds > 0)' \
  rows.jsonl >/dev/null || fail "rows: $(cat rows.jsonl)"
row() { jq -c --arg name "$1" 'select(.name == $name)' rows.jsonl; } # NAME
jq -se '.[1].accuracy >= .[0].accuracy and .[1].average_macs <= .[0].average_macs' \
  <(row "searched dynamic network"; row "oracle at equal accuracy (bound)") >/dev/null ||
  fail "an oracle costs no more: $(cat rows.jsonl)"
grep -q "^best network of a static supernet  *[0-9.]*  *[0-9.]*  *[0-9]*  *[0-9]*$" log || fail "table: $(cat log)"

# Ten budgets below the cost of the best policy on val, and what their policies leave of them.
jq -se 'length == 10 and all(.unused >= 0 and (.budget - .unused - .val_average_macs | fabs) < 1)' out/transfer.jsonl >/dev/null ||
  fail "transfer: $(cat out/transfer.jsonl)"
grep -q "^kept: .* of 10 exceed" log || fail "transfer: $(cat log)"

# Stopped in an export, it is made again; nothing else is.
touch out/controls.work/kept
rm out/controls.work/dynamic/manifest.json
cp rows.jsonl first.jsonl
ask "${fair[@]}" --average-macs "$budget" --without-transfer
cmp rows.jsonl first.jsonl
[[ -e out/controls.work/dynamic/manifest.json && -e out/controls.work/kept ]] || fail "not what was missing was made"

# Another budget, written as a product that is not quite whole; without a static supernet.
ask --average-macs "$(jq -n "$budget * 1.1 / 1e6")M" --without-transfer
[[ $(wc -l <rows.jsonl) == 8 && ! -e out/controls.work/kept && ! -e out/transfer.jsonl ]] || fail "old results are left: $(ls out)"

# The four kinds of pictures.
is_picture() { # OUTPUT
  [[ $(tail -c +2 "$1.png" | head -c 3) == PNG ]] || fail "not a picture: $1.png"
  grep -q "</svg>" "$1.svg" || fail "not a picture: $1.svg"
}
is_picture out/controls
journal=out/journal-$(sha256sum <run/supernet.safetensors | cut -c -12)
[[ -s $journal/journal.jsonl ]] || fail "no journal of the supernet: $(ls out)"
enas4d-search --checkpoint run/supernet.safetensors --data "$data" --evaluations 8 --journal "$journal" --threads 1 --quiet -o front.jsonl
"$scripts/plot" front front.jsonl -o front
"$scripts/plot" curve out/controls.work/dynamic.json -o curve
"$scripts/plot" shares out/controls.work/dynamic.json -o shares
jq '.report.classes |= [.[0] | .name = "#\"a'"'"'" | ., del(.exit_share, .accuracy)]' out/controls.work/dynamic.json >odd.json
"$scripts/plot" shares odd.json -o odd
grep -qF "<text>#\"a'</text>" odd.svg || fail "a class of an odd name has no bar"
grep -q "Where the test images" odd.svg || fail "the picture does not tell its split"
"$scripts/plot" log run/metrics.jsonl -o log
for kind in front curve shares log; do is_picture $kind; done

expect 3 "nothing: cannot be read" "${controls[@]}" --average-macs 1M --static nothing
expect 3 "rows.jsonl: has no curve" "$scripts/plot" curve rows.jsonl -o none
