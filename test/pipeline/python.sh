#!/usr/bin/env bash
# An exported network in Python, by onnxruntime and by torch, whichever are there: with each confidence measure and with a fixed exit
# it answers as the native program does; images of other kinds and sizes; and what can be wrong.
source "$(dirname "$0")/common.sh"
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 # C: files in the order of their bytes, as in a split
examples=$here/../../scripts/examples

# Debian's packages are for Debian's python3, which need not be the first one.
runtimes=()
for python in python3 /usr/bin/python3; do
  for runtime in onnxruntime torch; do
    if "$python" -c "import numpy, PIL, $runtime" >/dev/null 2>&1; then runtimes+=("$runtime"); fi
  done
  ((${#runtimes[@]} == 0)) || break
done
((${#runtimes[@]})) || { echo "skipped: neither onnxruntime nor torch in Python, scripts/install-deps --with-python brings one"; exit 77; }
echo "in $python: ${runtimes[*]}"

make_photos_run
photos=(photos/val/*/*.ppm)

# agree NET: in every runtime the examples, and all test images as enas4d-eval sees them.
agree() {
  local runtime same
  enas4d-eval --model "$1/subnet.safetensors" --data folder:photos --cache cache --split test --threads 1 --quiet \
    --predictions native.csv >"$1.json"
  for runtime in "${runtimes[@]}"; do
    "$python" "$examples/check.py" --runtime "$runtime" "$1" >check.json 2>check.err || fail "$1, $runtime: $(cat check.json; tail -n 1 check.err)"
    jq -e '.images == 12 and .same_decisions + .close_decisions == 12' check.json >/dev/null || fail "$1, $runtime: $(cat check.json)"
    "$python" "$examples/classify.py" --runtime "$runtime" "$1" "${photos[@]}" >lines.tsv 2>check.err ||
      fail "$1, $runtime: $(tail -n 1 check.err)"
    same=$(tail -n +2 native.csv | tr ',' '\t' | paste - lines.tsv | awk -F'\t' -v macs="$(jq -r '.macs | join(" ")' "$1/manifest.json")" '
      BEGIN { split("bluish reddish", names, " "); links = split(macs, cost, " ") }
      { off = $5 - $8; same += $9 == "exit " $3 && $7 == names[$4 + 1] && off * off < 1e-7 && $10 == cost[links == 1 ? 1 : $3] " MACs" }
      END { print same "/" NR }')
    [[ $same == 120/120 || $same == 119/120 ]] || fail "$1, $runtime: $same lines are those of enas4d-eval: $(head -n 3 lines.tsv)"
  done
}

head -n 1 front.jsonl | jq -c 'del(.val)' >spec.json
for measure in max_softmax margin entropy; do
  # Half of the images leave at the first exit.
  jq -c --arg measure "$measure" '.policy = {confidence: $measure, thresholds: [0]}' spec.json >all-leave.json
  export_photos all-leave.json -o all-leave
  enas4d-eval --model all-leave/subnet.safetensors --data folder:photos --cache cache --split test --threads 1 --quiet \
    --predictions all-leave.csv >/dev/null
  threshold=$(tail -n +2 all-leave.csv | cut -d, -f5 | sort -g | awk 'NR == 60 { low = $1 } NR == 61 { print (low + $1) / 2 }')
  jq -c --argjson threshold "$threshold" '.policy.thresholds = [$threshold]' all-leave.json >half.json
  export_photos half.json --format native,onnx,torchscript --examples 1000 -o "$measure"
  agree "$measure"
  jq -e '.test.exit_share | min > 0.4' "$measure.json" >/dev/null || fail "$measure: not both exits: $(cat "$measure.json")"
done
jq -c '.policy = {exit: 2}' spec.json >fixed.json
export_photos fixed.json --format native,onnx,torchscript --examples 1000 -o fixed
agree fixed

# A network that answers otherwise is noticed: the last bytes are a logit's.
cp -r margin bent
printf '\0\0\200\077' | dd of=bent/examples.safetensors bs=1 seek=$(($(stat -c %s bent/examples.safetensors) - 4)) conv=notrunc status=none
"$python" "$examples/check.py" bent >bent.json 2>/dev/null && fail "another logit is not noticed: $(cat bent.json)"
jq -e '.agrees == false' bent.json >/dev/null || fail "bent.json: $(cat bent.json)"

# JPEG and PNG of any size: what counts is the middle. Grey ones and transparent ones are colours, too.
"$python" -c '
from PIL import Image
small = Image.open("photos/val/reddish/1.ppm")
wide = Image.new("RGB", (300, 100), (40, 40, 110))
wide.paste(small.resize((100, 100), Image.NEAREST), (100, 0))
wide.save("wide.jpg", quality=95)
wide.convert("RGBA").save("wide.png")
wide.convert("L").save("grey.png")'
"$python" "$examples/classify.py" margin wide.jpg wide.png grey.png >lines.tsv 2>/dev/null || fail "classify.py: $(cat lines.tsv)"
[[ $(cut -f 2 lines.tsv | head -n 2 | sort -u) == reddish && $(wc -l <lines.tsv) == 3 ]] || fail "images: $(cat lines.tsv)"

# says STATUS TEXT COMMAND...: as expect, of the last line: Debian 13's onnxruntime has much to say before it.
says() {
  local status=$1 text=$2 got=0
  shift 2
  "$@" >expect.out 2>expect.err || got=$?
  [[ $got == "$status" ]] || fail "status $got instead of $status: $*: $(cat expect.err)"
  tail -n 1 expect.err | grep -qF -- "$text" || fail "no '$text' in: $(tail -n 1 expect.err) ($*)"
  grep -q Traceback expect.err && fail "a traceback: $(cat expect.err) ($*)"
  return 0
}
head -c 40 photos/val/reddish/1.ppm >cut.ppm
: >empty.ppm
mkdir other unfinished
echo '{}' >other/manifest.json
cp margin/manifest.json unfinished
export_photos spec.json -o native
says 2 "the following arguments are required: image" "$python" "$examples/classify.py" margin
says 1 "cut.ppm: cannot be read: image file is truncated" "$python" "$examples/classify.py" margin cut.ppm
says 1 "empty.ppm: cannot be read: cannot identify image file" "$python" "$examples/classify.py" margin empty.ppm
says 1 "nowhere/manifest.json" "$python" "$examples/check.py" nowhere
says 1 "other/manifest.json: is not a manifest" "$python" "$examples/check.py" other
says 1 "cannot load it" "$python" "$examples/check.py" unfinished
says 1 "native: was exported without --format onnx, was exported without --format torchscript" "$python" "$examples/check.py" native
export_photos spec.json --format onnx,torchscript -o bare
says 1 "bare: was exported without --examples" "$python" "$examples/check.py" bare
