#!/usr/bin/env bash
# Several processes train one network: equal results whatever their number, and what becomes of a job whose ranks are killed,
# stopped, told to stop, or started with different configurations.
source "$(dirname "$0")/common.sh"

jq '.batch = 128 | .norm_batch = 32' "$here/tiny-recipe.json" >recipe.json
ranks=(enas4d-train-ofa --space "$here/tiny-space.json" --recipe ./recipe.json --data "${data/train=600/train=1200}" --threads 1
  --timeout 20 --quiet -o)

# Equal losses on 1, 2 and 4 ranks; a run goes on with another number of them.
"${ranks[@]}" one --epochs 3
"${ranks[@]}" two --epochs 3 --launch 2
status=0
"${ranks[@]}" parts --epochs 3 --launch 4 --max-time 0.01s || status=$?
[[ $status == 75 ]] || fail "--max-time on four ranks ended with $status"
"${ranks[@]}" parts --epochs 3
losses() { jq -s 'map(select(.epoch_loss).epoch_loss)' "$1/metrics.jsonl"; }
for run in two parts; do
  jq -ne --argjson a "$(losses one)" --argjson b "$(losses $run)" \
    '($a | length) == 3 and all(range(3); ($a[.] - $b[.]) | fabs < 1e-3 * $a[0])' >/dev/null ||
    fail "losses of $run: $(losses $run), of one rank: $(losses one)"
done

# Bad starts: each ends with one line.
expect 2 "3 ranks do not divide the recipe's batch of 128" "${ranks[@]}" bad --launch 3
expect 2 "must be a multiple of the recipe's norm_batch of 32" "${ranks[@]}" bad --launch 8
expect 2 "--rank and --world-size: must be given together" "${ranks[@]}" bad --rank 1
expect 2 "--specs: must be a file for all 2 processes" env RANK=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 "${ranks[@]}" bad --specs -
expect 2 "WORLD_SIZE: must be a whole number" env RANK=0 WORLD_SIZE=x "${ranks[@]}" bad
expect 1 "rank 1 did not come" env RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$((10000 + $$ % 10000)) \
  "${ranks[@]}" bad --timeout 1s
[[ ! -e bad ]] || fail "a run directory was made for ranks that did not meet"

# Two ranks of different configurations, each started by itself as a launcher would.
export MASTER_ADDR=127.0.0.1 MASTER_PORT=$((10000 + $$ % 10000))
RANK=0 WORLD_SIZE=2 expect 2 "rank 1 was started with another configuration" "${ranks[@]}" bad &
mkdir other
(cd other && RANK=1 WORLD_SIZE=2 expect 2 "/seed is 1 there, 2 here" "${ranks[@]/.\/recipe/..\/recipe}" bad --seed 2) || fail "rank 1"
wait $! || fail "rank 0"
unset MASTER_ADDR MASTER_PORT

# A stop reaches every rank, whichever of them was told.
launch() { # launch RUN: starts two ranks that train for long, and waits until they do
  "${ranks[@]}" "$1" --epochs 4000 --launch 2 --checkpoint-steps 3 "${@:2}" 2>"$1.err" &
  launcher=$!
  until [[ -s $1/metrics.jsonl ]]; do
    kill -0 $launcher || fail "$1 did not start: $(cat "$1.err")"
    sleep 0.1
  done
  mapfile -t processes < <(ps -o pid= --ppid $launcher | sort -n)
}
launch told
kill -TERM "${processes[1]}"
status=0
wait $launcher || status=$?
[[ $status == 75 && ! -s told.err ]] || fail "TERM to one rank ended with $status: $(cat told.err)"

exec bash "$here/lost_ranks.sh" "$1" 1
