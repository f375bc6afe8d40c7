#!/usr/bin/env bash
# Searches that are killed with -9 at random moments go on and end with the front of one that was left alone; no evaluation
# is lost but those in progress, none is done twice. A shard that dies is replaced by the others.
#
#   killed_search.sh FOLDER_OF_PROGRAMS [ROUNDS]      in fewer than 20 rounds: shorter searches, and no shards
source "$(dirname "$0")/common.sh"
rounds=${2:-20}

"${train[@]}" run
search=(enas4d-search --checkpoint run/supernet.safetensors --data "$data" --evaluations $((20 * rounds)) --population 12
  --threads 1 --quiet)
lines() { [[ ! -e $1 ]] || wc -l <"$1"; } # of a journal

for strategy in evolution stagewise random; do
  "${search[@]}" --strategy $strategy --journal "whole-$strategy" -o "whole-$strategy.jsonl"
  known=0
  for ((round = 0; round < rounds; ++round)); do
    "${search[@]}" --strategy $strategy --journal "parts-$strategy" -o "parts-$strategy.jsonl" &
    sleep "$((RANDOM % 2)).$((RANDOM % 10))$((RANDOM % 10))"
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    now=$(lines "parts-$strategy/journal.jsonl")
    ((${now:-0} >= known)) || fail "$strategy: $known lines before, $now after a kill"
    known=${now:-0}
  done
  "${search[@]}" --strategy $strategy --journal "parts-$strategy" -o "parts-$strategy.jsonl"
  cmp "whole-$strategy.jsonl" "parts-$strategy.jsonl" || fail "$strategy: the killed search ended with another front"
  [[ $(jq -c .spec "parts-$strategy/journal.jsonl" | sort | uniq -d | wc -l) == 0 ]] || fail "$strategy: evaluated twice"
  [[ $(lines "parts-$strategy/journal.jsonl") == $(lines "whole-$strategy/journal.jsonl") ]] ||
    fail "$strategy: the journals differ in length"
done

# Files that are being written vanish with their process; those that were about to be renamed are few.
left=$(find . -name '*.tmp')
(($(wc -w <<<"$left") <= 2)) || fail "killed searches left $left"

# An evaluation that is stopped has written what it measured; a file that was whole stays so.
enas4d-sample --space "$here/tiny-space.json" --count 20000 >specs.jsonl
evaluation=(enas4d-eval --checkpoint run/supernet.safetensors --data "$data" --specs specs.jsonl --threads 1 --quiet)
stop_evaluation() {
  kill -TERM $!
  status=0
  wait $! || status=$?
}
is_stopped() { [[ $status == 75 ]] || fail "a stopped evaluation ended with $status"; }
"${evaluation[@]}" >records.jsonl &
until [[ -s records.jsonl ]]; do
  kill -0 $! || fail "the evaluation ended early"
  sleep 0.1
done
stop_evaluation
is_stopped
echo whole >file.jsonl
for seconds in 2 10 50; do # until it takes signals and has measured one
  "${evaluation[@]}" -o file.jsonl &
  sleep $seconds
  stop_evaluation
  [[ ! -s file.jsonl.partial ]] || break
done
is_stopped
[[ $(cat file.jsonl) == whole && -s file.jsonl.partial ]] || fail "a stopped evaluation left $(ls file.jsonl*)"

((rounds >= 20)) || exit 0

# Three shards find what one process found, also if one of them dies for good. A minute passes before its work is taken over.
for shard in 1 2 3; do
  "${search[@]}" --journal shards --shard $shard/3 -o "shard-$shard.jsonl" &
done
sleep 1
kill -9 $! 2>/dev/null || true
wait
for shard in 1 2; do
  cmp whole-evolution.jsonl "shard-$shard.jsonl" || fail "shard $shard ended with another front"
done
