#!/usr/bin/env bash
# The examples run: the Makefile on a tiny network, the batch script under a Slurm that is played by two small scripts.
source "$(dirname "$0")/common.sh"
examples=$here/../../scripts/examples
recipe=$here/tiny-recipe.json space=$here/tiny-space.json

# The Makefile: a dry run shows every step, a real one makes the table, and then nothing is left to do.
budget=$(enas4d-sample --space "$space" --count 21 | jq -s 'map(.macs[-1]) | sort | .[10]')
experiment=(make -f "$examples/Makefile" "SPACE=$space" "RECIPE=$recipe" "DATA=$data" "AVERAGE_MACS=$budget" "SEEDS=1 2" LAUNCH=2
  "TRAIN=--epochs 2 --threads 1 --quiet" "SEARCH=--evaluations 6 --population 3 --threads 1 --quiet" OUT=experiment)
"${experiment[@]}" -n >plan.txt
for tool in train-ofa search export eval; do
  [[ $(grep -c "^enas4d-$tool " plan.txt) == 2 ]] || fail "enas4d-$tool is not planned for two seeds: $(cat plan.txt)"
done
"${experiment[@]}" >make.out
[[ $(awk '$2 > 0.3 && $3 <= '"$budget" experiment/table.tsv | wc -l) == 2 ]] || fail "table: $(cat experiment/table.tsv)"
"${experiment[@]}" -q || fail "a finished experiment is not up to date"

# Slurm: srun starts two tasks with the variables of such a job, in the first life of the job the time runs out.
mkdir slurm
cat >slurm/srun <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
while [[ $1 == --* ]]; do shift; done
export SLURM_STEP_ID=0 SLURM_STEP_NODELIST=localhost SLURM_STEP_TASKS_PER_NODE=2
tasks=()
for ((task = 0; task < SLURM_NTASKS; ++task)); do
  SLURM_PROCID=$task SLURM_LOCALID=$task "$@" &
  tasks+=($!)
done
if [[ ! -e requeued ]]; then
  until [[ -s run/metrics.jsonl ]]; do sleep 0.1; done
  kill -USR1 "${tasks[@]}"
fi
worst=0
for task in "${tasks[@]}"; do
  status=0
  wait "$task" || status=$?
  ((status <= worst)) || worst=$status
done
exit "$worst"
SCRIPT
cat >slurm/scontrol <<'SCRIPT'
#!/usr/bin/env bash
echo "$@" >>requeued
SCRIPT
chmod +x slurm/*
batch() {
  env PATH="$PWD/slurm:$PATH" ENVIRONMENT=BATCH SLURM_JOB_ID=$((4000 + $$)) SLURM_JOB_NODELIST=localhost SLURM_NTASKS=2 \
    SLURM_CPUS_PER_TASK=1 SLURM_PROCID=0 bash "$examples/train.sbatch" --space "$space" --recipe "$recipe" --data "$data" \
    --quiet -o run "$@"
}
status=0
batch --epochs 30 || status=$?
[[ $status == 75 ]] || fail "a batch job whose time ran out ended with $status"
[[ $(cat requeued) == "requeue $((4000 + $$))" ]] || fail "not queued again: $(cat requeued)"
batch --epochs 30
[[ $(jq -s 'map(select(.epoch_loss)) | length' run/metrics.jsonl) == 30 ]] || fail "the job did not go on to its end"
[[ $(wc -l <requeued) == 1 ]] || fail "a finished job was queued again"
