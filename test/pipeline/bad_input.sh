#!/usr/bin/env bash
# What a user can do wrong, with the real programs: the status, and one line that names file, place, rule and value.
source "$(dirname "$0")/common.sh"
space=$here/tiny-space.json

# Documents.
expect 3 "absent.json: cannot be read" enas4d-sample --space ./absent.json
sed 's/"kernel": \[3, 5\]/"kernal": [3, 5]/' "$space" >bad.json
expect 3 "bad.json: /units/0: " enas4d-sample --space ./bad.json
sed 's/"stages": 2/"stages": 2.9/' "$space" >bad.json
expect 3 "bad.json: /stages: must be a whole number" enas4d-sample --space ./bad.json
sed 's/"classes": 3/"classes": "three"/' "$space" >bad.json
expect 3 'bad.json: /classes' enas4d-sample --space ./bad.json
sed 's/"version": 1/"version": 7/' "$space" >bad.json
expect 3 "bad.json: /version" enas4d-sample --space ./bad.json
expect 2 "did you mean 'cifar10'" enas4d-sample --space cifar01
expect 2 "did you mean '--count'" enas4d-sample --space "$space" --cuont 3

expect 2 "--space, --specs: only one of them can be standard input" enas4d-sample --space - --specs - </dev/null
expect 2 "--config, --space: only one of them can be standard input" enas4d-sample --config - --space - <<<'{}'

# Streams: the number of the broken line.
enas4d-sample --space "$space" --count 3 >specs.jsonl
sed '2s/"kernel":/"kernel"/' specs.jsonl >broken.jsonl
expect 3 "broken.jsonl:2: " enas4d-sample --space "$space" --specs broken.jsonl
sed '3s/"kernel":[0-9]*/"kernel":9/' specs.jsonl >outside.jsonl
expect 3 "outside.jsonl:3: " enas4d-sample --space "$space" --specs outside.jsonl

# Constraints that nothing meets, and output that cannot be written.
expect 4 "this space reaches" enas4d-sample --space "$space" --max-macs 10
expect 1 "No space left on device" bash -c "enas4d-sample --space '$space' --count 2000 >/dev/full"
mkdir sealed
if ! chmod 500 sealed || ! touch sealed/probe 2>/dev/null; then # root may write anywhere
  expect 1 "sealed/x.jsonl" enas4d-sample --space "$space" -o sealed/x.jsonl
fi
expect 1 "absent/x.jsonl" enas4d-sample --space "$space" -o absent/x.jsonl

# Recipes: what they break, and what they ask for that the space or the training lacks.
recipe() { # JQ-FILTER TEXT
  jq "$1" "$here/tiny-recipe.json" >recipe.json
  expect 3 "$2" enas4d-train-ofa --space "$space" --recipe ./recipe.json --data "$data" --quiet -o norun
  [[ ! -e norun ]] || fail "a run directory was made for a recipe that is refused: $1"
}
recipe '.phases[0].epochs = 0' "recipe.json: /phases/0/epochs: must be a number from 0.001"
recipe '.phases[0].restrict = {kernal: 1}' "recipe.json: /phases/0/restrict: unknown key 'kernal', did you mean 'kernel'?"
recipe '.mixing = {mixup: 3}' "recipe.json: /mixing/mixup: must be a number from 0 to 2"
recipe '.stage_weights = [1, 1, 1]' "recipe 'tiny': /stage_weights: must have 2 weights"
recipe '.phases[0].teacher = "frozen"' "recipe 'tiny': /phases/0/teacher: frozen in the first phase"

# Data.
expect 3 "nowhere" enas4d-train-ofa --space cifar10 --recipe quick --data cifar10:nowhere -o run
mkdir cifar
for batch in data_batch_{1..5} test_batch; do head -c 30730 /dev/zero >cifar/$batch.bin; done
head -c 100 /dev/zero >cifar/data_batch_3.bin
expect 3 "data_batch_3.bin" enas4d-train-ofa --space cifar10 --recipe quick --data cifar10:cifar -o run
{ printf '\012'; head -c 30729 /dev/zero; } >cifar/data_batch_3.bin
expect 3 "data_batch_3.bin" enas4d-train-ofa --space cifar10 --recipe quick --data cifar10:cifar -o run
[[ ! -e run ]] || fail "a run directory was made for data that cannot be read"

# Weights.
"${train[@]}" run --epochs 1
weights=run/supernet.safetensors
evaluate() { enas4d-eval --checkpoint "$1" --data "$data" --specs specs.jsonl --quiet; }
expect 3 "absent.safetensors: cannot be read" evaluate absent.safetensors
: >empty.safetensors
expect 3 "empty.safetensors: is empty" evaluate empty.safetensors
head -c 20000 "$weights" >cut.safetensors
expect 3 "cut.safetensors" evaluate cut.safetensors
cp "$weights" flipped.safetensors
printf '\377\377' | dd of=flipped.safetensors bs=1 seek=$(($(stat -c %s "$weights") - 40)) conv=notrunc status=none
expect 3 "flipped.safetensors: checksum" evaluate flipped.safetensors
jq '.units[0].kernel = [3]' "$space" >narrow.json
expect 3 "run/supernet.safetensors: holds weights of another space" enas4d-train-ofa --space ./narrow.json \
  --recipe "$here/tiny-recipe.json" --data "$data" --quiet --init-from "$weights" -o tuned
echo kept >records.jsonl
expect 3 "standard input: must hold a spec or a record, is empty" \
  enas4d-eval --checkpoint "$weights" --data "$data" --specs - --quiet -o records.jsonl </dev/null
[[ $(cat records.jsonl) == kept ]] || fail "records that were there are gone"
enas4d-sample --space cifar10 >other.jsonl
expect 3 "other.jsonl" enas4d-eval --checkpoint "$weights" --data "$data" --specs other.jsonl --quiet
expect 3 "synthetic" enas4d-eval --checkpoint "$weights" --data "$data,seed=5" --specs specs.jsonl --quiet
enas4d-search --checkpoint "$weights" --data "$data" --evaluations 2 --threads 1 --journal journal --quiet >front.jsonl
cp journal/journal.jsonl before.jsonl
"${train[@]}" other --epochs 1 --seed 2
expect 3 "journal/journal.jsonl:1: is the journal of another checkpoint" \
  enas4d-search --checkpoint other/supernet.safetensors --data "$data" --journal journal --quiet
cmp journal/journal.jsonl before.jsonl || fail "a search that was refused the journal changed it"
enas4d-sample --space "$space" -n 3 --unique >three.jsonl
enas4d-search --checkpoint "$weights" --data "$data" --threads 1 --specs three.jsonl --evaluations 2 >/dev/null 2>said
grep -q "specs: has 3 specs to begin with, more than the 2 of --evaluations" said || fail "no word of a spec: $(cat said)"
for file in journal journal/journal.jsonl ./journal/../journal/journal-1-of-2.jsonl; do
  expect 2 "--output: must not be the journal, journal, or a file of it" \
    enas4d-search --checkpoint "$weights" --data "$data" --journal journal -o "$file"
done
few=synthetic:train=12,test=6,classes=3,channels=1,size=12 # a tenth of twelve is one image: of one class
jq '.batch = 4' "$here/tiny-recipe.json" >few.json
enas4d-train-ofa --space "$space" --recipe ./few.json --data "$few" --epochs 1 --threads 1 --quiet -o few
expect 3 "synthetic: val holds images of one class only" enas4d-search --checkpoint few/supernet.safetensors --data "$few" --quiet
expect 4 "reachable" enas4d-search --checkpoint "$weights" --data "$data" --average-macs 5 --quiet
expect 2 "--split" enas4d-eval --checkpoint "$weights" --data "$data" --specs specs.jsonl --split train
