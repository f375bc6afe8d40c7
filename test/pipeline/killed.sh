#!/usr/bin/env bash
# A training that was killed with -9, stopped by signals and by time ends with the very bytes of one that was left alone.
source "$(dirname "$0")/common.sh"

"${train[@]}" whole
for attempt in 1 2 3; do # at moments of its own
  "${train[@]}" parts --checkpoint-steps 3 &
  sleep "1.$((attempt * 3))"
  kill -9 $! 2>/dev/null || true
  wait $! 2>/dev/null || true
done

status=0
"${train[@]}" parts --checkpoint-steps 3 --max-time 0.01s || status=$?
[[ $status == 75 || $status == 0 ]] || fail "--max-time ended with $status"

"${train[@]}" parts --checkpoint-steps 3 --epochs 10
cmp whole/checkpoint.safetensors parts/checkpoint.safetensors || fail "the interrupted run ended with other weights"
cmp whole/supernet.safetensors parts/supernet.safetensors || fail "the interrupted run ended with another supernet"

# A signal: the step is finished, the state saved, status 75.
"${train[@]}" long --epochs 4000 &
until [[ -s long/metrics.jsonl ]]; do sleep 0.1; done
expect 1 "held by process" "${train[@]}" long --epochs 4000
kill -TERM $!
status=0
wait $! || status=$?
[[ $status == 75 ]] || fail "TERM ended with $status instead of 75"
[[ -s long/checkpoint.safetensors ]] || fail "TERM saved nothing"

# Another configuration in the same folder is refused, and nothing is lost.
sum=$(sha256sum long/checkpoint.safetensors)
expect 3 "another configuration: /configuration/seed is 1 there, 2 here" "${train[@]}" long --epochs 4000 --seed 2
[[ $sum == "$(sha256sum long/checkpoint.safetensors)" ]] || fail "the refused run was changed"

# Ctrl-C twice: the second one does not wait for anything, and what was saved is whole.
"${train[@]}" long --epochs 4000 &
lines=$(wc -l <long/metrics.jsonl)
until (($(wc -l <long/metrics.jsonl) > lines)); do sleep 0.1; done
kill -INT $!
sleep 0.2 # two at once are one
kill -INT $! 2>/dev/null || true
status=0
wait $! || status=$?
[[ $status == 130 || $status == 75 ]] || fail "two INTs ended with $status"
status=0
"${train[@]}" long --epochs 4000 --max-time 1s || status=$?
[[ $status == 75 ]] || fail "after two INTs the run did not go on: $status"
