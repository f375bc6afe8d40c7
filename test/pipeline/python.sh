#!/usr/bin/env bash
# An exported network in Python, by onnxruntime and by torch, whichever are there: with each confidence measure and with a fixed exit
# it answers as the native program does; images of other kinds and sizes; and what can be wrong.
source "$(dirname "$0")/common.sh"
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
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
export_policies native,onnx,torchscript max_softmax margin entropy
for net in max_softmax margin entropy fixed; do
  evaluate_photos "$net"
  for runtime in "${runtimes[@]}"; do
    examples_agree "$net" "$python" "$examples/check.py" --runtime "$runtime"
    answers_alike "$net" "$python" "$examples/classify.py" --runtime "$runtime"
  done
  [[ $net == fixed ]] || jq -e '.test.exit_share | min > 0.4' "$net.json" >/dev/null || fail "$net: not both exits: $(cat "$net.json")"
done

# A network that answers otherwise is noticed: the last bytes are a logit's.
cp -r margin bent
printf '\0\0\200\077' | dd of=bent/examples.safetensors bs=1 seek=$(($(stat -c %s bent/examples.safetensors) - 4)) conv=notrunc status=none
"$python" "$examples/check.py" bent >bent.json 2>/dev/null && fail "another logit is not noticed: $(cat bent.json)"
jq -e '.agrees == false' bent.json >/dev/null || fail "bent.json: $(cat bent.json)"

# An image that goes on because it just misses the threshold is a close decision, however sure a later exit is.
PYTHONPATH=$examples "$python" -c '
import numpy as np
from check import is_close
examples = {"exit": np.array([1]), "logits1": np.array([[0.5, 0.5]]), "logits2": np.array([[9.0, 0.0]])}
close, far = ({"confidence": "margin", "thresholds": [threshold]} for threshold in (0.0005, 0.1))
assert is_close(close, examples, 0, 2) and not is_close(far, examples, 0, 2)' || fail "close decisions"

PYTHONPATH=$examples "$python" -c '
import numpy as np
from early_exit import decide
try:
    decide(np.array([[0.0, 1.0], [np.nan, 1.0]]), "margin")
except ValueError as error:
    assert str(error) == "a logit is not finite"
else:
    raise AssertionError("an answer")' || fail "logits that are no numbers"

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
cp -r margin nan
jq '.input.deviation |= map(0)' margin/manifest.json >nan/manifest.json # 0 / 0
for runtime in "${runtimes[@]}"; do
  says 1 "a logit is not finite" "$python" "$examples/classify.py" --runtime "$runtime" nan photos/val/reddish/1.ppm
done
says 2 "the following arguments are required: image" "$python" "$examples/classify.py" margin
says 1 "cut.ppm: cannot be read: image file is truncated" "$python" "$examples/classify.py" margin cut.ppm
says 1 "empty.ppm: cannot be read: cannot identify image file" "$python" "$examples/classify.py" margin empty.ppm
says 1 "nowhere/manifest.json" "$python" "$examples/check.py" nowhere
says 1 "other/manifest.json: is not a manifest" "$python" "$examples/check.py" other
says 1 "cannot load it" "$python" "$examples/check.py" unfinished
says 1 "native: was exported without --format onnx, was exported without --format torchscript" "$python" "$examples/check.py" native
export_photos spec.json --format onnx,torchscript -o bare
says 1 "bare: was exported without --examples" "$python" "$examples/check.py" bare
