#!/usr/bin/env bash
# scripts/compare-recipes trains both sides for a moment, searches and measures them, and goes on where it was stopped.
source "$(dirname "$0")/common.sh"
compare=("$here/../../scripts/compare-recipes" --installed --data "$data" --space "$here/tiny-space.json" --minutes 0.02 --average-macs 200k
  --evaluations 4 -o out)

"${compare[@]}" --seeds 1 projections >rows.jsonl 2>compare.err || fail "$(tail -n 3 compare.err)"
jq -se 'map([.rival, .seed]) == [["own", 1], ["all", 1]] and all(.epochs > 0 and .test_accuracy > 0.4)' \
  rows.jsonl >/dev/null || fail "rows: $(cat rows.jsonl)"
grep -qE '^own ' compare.err || fail "no table: $(cat compare.err)"

# What is done is not done again, a seed more is.
sum=$(cat out/*/*/seed-1/supernet.safetensors | sha256sum)
"${compare[@]}" --seeds "1 2" projections >more.jsonl 2>compare.err || fail "$(tail -n 3 compare.err)"
[[ $sum == "$(cat out/*/*/seed-1/supernet.safetensors | sha256sum)" ]] || fail "what was trained was trained again"
cmp rows.jsonl <(head -n 2 more.jsonl) || fail "other results of the same runs"
[[ $(wc -l <more.jsonl) == 4 ]] || fail "rows: $(cat more.jsonl)"

# Other options in the same folder are refused.
for other in "--learning-rate 0.2" "--launch 2"; do
  # shellcheck disable=SC2086 # two words
  "${compare[@]}" --seeds "1 2" $other projections >none.jsonl 2>compare.err && fail "$other: accepted"
  grep -qF "what is there began with other options" compare.err || fail "$other: $(tail -n 3 compare.err)"
done
