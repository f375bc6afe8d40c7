#!/usr/bin/env bash
# Image folders with the real programs: trained on, found again in the cache; and what can be wrong.
source "$(dirname "$0")/common.sh"
export XDG_CACHE_HOME=$PWD/cache

# Three classes that differ in how bright the upper half is.
awk 'BEGIN {
  srand(1)
  split("dark middle bright", names)
  for (c = 1; c <= 3; ++c) for (p = 0; p < 2; ++p) {
    part = p ? "val" : "train"
    system("mkdir -p photos/" part "/" names[c])
    for (i = 0; i < (p ? 40 : 120); ++i) {
      file = "photos/" part "/" names[c] "/" i ".PPM"
      print "P2 20 18 255" >file
      for (k = 0; k < 360; ++k) print int(rand() * 100 + (k < 180 ? 70 * (c - 1) : 60)) >file
      close(file)
    }
  }
}'
: >photos/train/dark/7.PPM

train=(enas4d-train-ofa --space "$here/tiny-space.json" --recipe "$here/tiny-recipe.json" --data folder:photos --threads 1)
"${train[@]}" --epochs 6 -o run 2>train.err || fail "training: $(cat train.err)"
grep -qF "photos/train/dark/7.PPM: is empty" train.err || fail "the empty image is not named: $(cat train.err)"
grep -qF "1 of 360 images cannot be read and are left out" train.err || fail "not counted: $(cat train.err)"
ls cache/enas4d/photos-train-*.images cache/enas4d/photos-val-*.images >/dev/null || fail "no cache"
jq -e '.configuration.data | .class_names == ["bright", "dark", "middle"] and .resolution == 12' run/run.json >/dev/null ||
  fail "run.json: $(cat run/run.json)"

# The same images, from the cache alone; what was trained knows them.
enas4d-sample --space "$here/tiny-space.json" --count 2 >specs.jsonl
evaluate=(enas4d-eval --checkpoint run/supernet.safetensors --data folder:photos --specs specs.jsonl --threads 1 --quiet)
"${evaluate[@]}" --split test >records.jsonl 2>eval.err
jq -se 'length == 2 and all(.test.images == 120) and all(.test.accuracy > 0.6)' records.jsonl >/dev/null ||
  fail "records: $(cat records.jsonl)"
rm -r cache
"${evaluate[@]}" --split test 2>eval.err | cmp - records.jsonl || fail "another result without the cache"

# A disk that fills up while the cache is written.
mkdir full
expect 1 "--cache DIR: elsewhere" bash -c \
  "ulimit -f 20; trap '' XFSZ; exec enas4d-train-ofa --space '$here/tiny-space.json' --data folder:photos --cache full -o other --quiet"
compgen -G 'full/*.images*' | grep -v '\.lock$' && fail "something half-written is left"
[[ ! -e other ]] || fail "a run directory was made for data that cannot be read"

# What can be wrong with the images.
expect 3 "photos/train: more than 0.1 % of its 360 images cannot be read, first dark/7.PPM: is empty" \
  "${train[@]}" -o other --quiet --cache fresh --most-unreadable 0.001
rm photos/train/dark/7.PPM
expect 3 "nowhere/train: cannot be read: No such file or directory" \
  enas4d-train-ofa --space "$here/tiny-space.json" --data folder:nowhere -o other --quiet
expect 3 "photos: has 3 classes, the network is for 10" \
  enas4d-train-ofa --space fashion-mnist --data folder:photos -o other --quiet
expect 3 "is not the data this checkpoint was trained on" \
  enas4d-eval --checkpoint run/supernet.safetensors --data "$data" --specs specs.jsonl --quiet
mkdir photos/val/new
expect 3 "photos/val/new: has no images" "${train[@]}" -o other
cp photos/val/dark/1.PPM photos/val/new
expect 3 "photos/train: lacks the class 'new' of photos/val" "${train[@]}" -o other
rm -r photos/val/new
ln -s ../dark photos/train/dark/again
expect 3 "photos/train/dark/again: is a link to a folder that it lies in" "${train[@]}" -o other

# Images to train on alone: there is no test, and whoever asks for it is told.
mkdir only
cp -r photos/train only/train
rm only/train/dark/again
enas4d-train-ofa --space "$here/tiny-space.json" --recipe "$here/tiny-recipe.json" --data folder:only --threads 1 --quiet -o alone
expect 3 "folder:only: has no test images" \
  enas4d-eval --checkpoint alone/supernet.safetensors --data folder:only --specs specs.jsonl --split test --quiet
