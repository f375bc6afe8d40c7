#!/usr/bin/env bash
# scripts/transfer: a network a split of the training set, ten budgets each; goes on where it was stopped, and refuses another question.
source "$(dirname "$0")/common.sh"
transfer=("$here/../../scripts/transfer" --installed --splits "1 2" --data "$data" --space "$here/tiny-space.json"
  --recipe "$here/tiny-recipe.json" --average-macs 200k --evaluations 4 -o out)

"${transfer[@]}" >rows.jsonl 2>log || fail "$(tail -n 3 log)"
jq -se '(map(.split) == [range(10) | 1] + [range(10) | 2]) and
  all(.unused >= 0 and .inside == (.interval[0] <= .test_average_macs and .test_average_macs <= .interval[1]) and
    .kept == (.test_average_macs - .budget <= .interval[1] - .val_average_macs))' rows.jsonl >/dev/null ||
  fail "rows: $(cat rows.jsonl)"
jq -se '.[0].configuration.data.hash == .[1].configuration.data.hash and map(.configuration.data.split_seed) == [1, 2]' \
  out/split-{1,2}/run.json >/dev/null || fail "not the splits that were asked for"
grep -q "^within: .* of 20 test" log && grep -q "^kept: .* of 20 exceed" log || fail "no sum: $(cat log)"

# What is done is not done again.
made() { stat -c '%n %i' out/split-*/{supernet.safetensors,found.jsonl,net/*,transfer/[0-9]*}; }
rm out/split-2/transfer/curve.json
made >before
"${transfer[@]}" >again.jsonl 2>log || fail "$(tail -n 3 log)"
cmp rows.jsonl again.jsonl
diff before <(made) || fail "what was done was done again"

expect 1 "what is there began with other options" "${transfer[@]}" --evaluations 5
expect 3 "nothing: cannot be read" "$here/../../scripts/transfer" --installed --model nothing --data "$data" -o other
