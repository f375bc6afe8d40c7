#!/usr/bin/env bash
# A rank that is killed or stopped in mid-step ends the job in time, with one line per rank, and the last checkpoint that any rank
# knew of goes on.
#
#   lost_ranks.sh FOLDER_OF_PROGRAMS [ROUNDS]
source "$(dirname "$0")/common.sh"
rounds=${2:-20}
timeout=8                 # also for the ranks to meet, on a busy machine
longest=$((timeout + 30)) # seconds; a step and the launcher's patience included

jq '.batch = 96 | .norm_batch = 32' "$here/tiny-recipe.json" >lost-recipe.json
ranks=(enas4d-train-ofa --space "$here/tiny-space.json" --recipe ./lost-recipe.json --data "$data" --threads 1
  --epochs 4000 --checkpoint-steps 3 --timeout "$timeout" --launch 3 -o lost)

told=0
# no_step_lost FILE: what the run said that began behind the checkpoint of step $told.
no_step_lost() {
  local begun
  begun=$(sed -n 's/.*: goes on after step \([0-9]*\)$/\1/p' "$1")
  ((${begun:-0} >= told)) || fail "the checkpoint of step $told is lost: $(cat "$1")"
}

# lose SIGNAL RANK LINE: what the launcher says of the lost rank.
lose() {
  local before=0 begin status=0
  [[ ! -e lost/metrics.jsonl ]] || before=$(wc -l <lost/metrics.jsonl)
  "${ranks[@]}" 2>lost.err &
  local launcher=$!
  until [[ -e lost/metrics.jsonl ]] && (($(wc -l <lost/metrics.jsonl) > before)); do
    kill -0 $launcher 2>/dev/null || fail "the run did not start: $(cat lost.err)"
    sleep 0.05
  done
  mapfile -t processes < <(ps -o pid= --ppid $launcher | sort -n)
  sleep "0.$((RANDOM % 10))" # anywhere in an epoch
  begin=$SECONDS
  kill "-$1" "${processes[$2]}"
  wait $launcher || status=$?
  [[ $status == 1 ]] || fail "status $status after $1 to rank $2: $(cat lost.err)"
  ((SECONDS - begin <= longest)) || fail "$1 to rank $2 took $((SECONDS - begin)) s"
  [[ $(grep -c ': error: ' lost.err) == 3 ]] || fail "one line per rank expected after $1 to rank $2: $(cat lost.err)"
  [[ $(grep -c "rank $2 $3" lost.err) == 1 ]] || fail "no 'rank $2 $3': $(cat lost.err)"
  [[ $(grep -c "of 3: lost: another rank .* at step .*; the last checkpoint is of step" lost.err) == 2 ]] ||
    fail "no word of two ranks: $(cat lost.err)"
  no_step_lost lost.err
  told=$(sed -n 's/.*; the last checkpoint is of step \([0-9]*\)$/\1/p' lost.err | sort -n | tail -n 1)
  for process in "${processes[@]}"; do
    ! kill -0 "$process" 2>/dev/null || fail "process $process outlives its job"
  done
}

for ((round = 0; round < rounds; ++round)); do
  lose KILL $((round % 3)) "was ended by signal 9"
  lose STOP $(((round + 1) % 3)) "did not end within"
done

# What all of them left still goes on.
status=0
"${ranks[@]}" --max-time 0.01s 2>lost.err || status=$?
[[ $status == 75 ]] || fail "the checkpoint does not go on: $status: $(cat lost.err)"
no_step_lost lost.err
