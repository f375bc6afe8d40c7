# shellcheck shell=bash
# Sourced by pipeline tests: paths of programs and documents, and checks that say what failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH=$1:$PATH
# shellcheck disable=SC2034  # used by those who source this
data=synthetic:train=600,test=120,classes=3,channels=1,size=12

fail() { echo "FAILED: $*" >&2; exit 1; }

# expect STATUS TEXT COMMAND...: the command ends with that status and one line on standard error that holds the text.
expect() {
  local status=$1 text=$2 got=0
  shift 2
  "$@" >expect.out 2>expect.err || got=$?
  [[ $got == "$status" ]] || fail "status $got instead of $status: $*: $(cat expect.err)"
  grep -qF -- "$text" expect.err || fail "no '$text' in: $(cat expect.err) ($*)"
  [[ $(wc -l <expect.err) == 1 ]] || fail "more than one line: $(cat expect.err) ($*)"
}

# Training as an array, so that a test can start the program itself in the background: "${train[@]}" RUN OPTIONS...
# shellcheck disable=SC2034
train=(enas4d-train-ofa --space "$here/tiny-space.json" --recipe "$here/tiny-recipe.json" --data "$data" --threads 1 --quiet -o)

# Two classes of small photos that differ in colour, as binary PPM of the network's size, and a network trained and searched for
# them: photos/, run/, front.jsonl.
make_photos_run() {
  local part class i
  for part in train val; do
    for class in reddish bluish; do
      mkdir -p "photos/$part/$class"
      for ((i = 0; i < 60; ++i)); do
        # LC_ALL: awk writes bytes.
        { printf 'P6\n# made by a test\n12 12 255\n'; LC_ALL=C awk -v seed="$i$part" -v red="$([[ $class == reddish ]] && echo 60)" 'BEGIN {
            for (k = 0; k < length(seed); ++k) s = s * 7 + index("0123456789aeilnrtv", substr(seed, k + 1, 1)); srand(s)
            for (k = 0; k < 144; ++k) printf "%c%c%c", 33 + rand() * 60 + red, 33 + rand() * 60, 33 + rand() * 60 + (60 - red) }'; } \
          >"photos/$part/$class/$i.ppm"
      done
    done
  done
  jq '.input.channels = 3 | .classes = 2' "$here/tiny-space.json" >space.json
  enas4d-train-ofa --space space.json --recipe "$here/tiny-recipe.json" --data folder:photos --cache cache --threads 1 --quiet -o run
  enas4d-search --checkpoint run/supernet.safetensors --data folder:photos --cache cache --evaluations 6 --population 4 --threads 1 \
    --quiet -o front.jsonl
}

# export_photos SPECS OPTIONS...: one of its networks.
export_photos() {
  enas4d-export --checkpoint run/supernet.safetensors --data folder:photos --cache cache --threads 1 --quiet --specs "$@"
}

# export_policies FORMATS MEASURE...: one of its networks, spec.json, with a threshold of each measure that half of the images reach,
# and with a fixed exit: MEASURE/, fixed/, with examples.
export_policies() {
  local formats=$1 measure threshold
  shift
  head -n 1 front.jsonl | jq -c 'del(.val)' >spec.json
  for measure; do
    jq -c --arg measure "$measure" '.policy = {confidence: $measure, thresholds: [0]}' spec.json >all-leave.json
    export_photos all-leave.json -o all-leave
    evaluate_photos all-leave
    threshold=$(tail -n +2 all-leave.csv | cut -d, -f5 | sort -g | awk 'NR == 60 { low = $1 } NR == 61 { print (low + $1) / 2 }')
    jq -c --argjson threshold "$threshold" '.policy.thresholds = [$threshold]' all-leave.json >half.json
    export_photos half.json --format "$formats" --examples 1000 -o "$measure"
  done
  jq -c '.policy = {exit: 2}' spec.json >fixed.json
  export_photos fixed.json --format "$formats" --examples 1000 -o fixed
}

# evaluate_photos NET: what enas4d-eval says of all photos of val, in NET.json and NET.csv.
evaluate_photos() {
  enas4d-eval --model "$1/subnet.safetensors" --data folder:photos --cache cache --split test --threads 1 --quiet \
    --predictions "$1.csv" >"$1.json"
}

# examples_agree NET CHECK...: an example program finds that a runtime answers as the network.
examples_agree() {
  local net=$1
  shift
  "$@" "$net" >check.json 2>check.err || fail "$net, $*: $(cat check.json; tail -n 1 check.err)"
  jq -e '.images == 12 and .same_decisions + .close_decisions == 12' check.json >/dev/null || fail "$net, $*: $(cat check.json)"
}

# answers_alike NET CLASSIFY...: an example program says of each photo of val what NET.csv does. Needs LC_ALL=C: files in the order of
# their bytes, as in a split.
answers_alike() {
  local net=$1 same
  shift
  "$@" "$net" photos/val/*/*.ppm >lines.tsv 2>check.err || fail "$net, $*: $(tail -n 1 check.err)"
  same=$(tail -n +2 "$net.csv" | tr ',' '\t' | paste - lines.tsv | awk -F'\t' -v macs="$(jq -r '.macs | join(" ")' "$net/manifest.json")" '
    BEGIN { split("bluish reddish", names, " "); links = split(macs, cost, " ") }
    { off = $5 - $8; same += $9 == "exit " $3 && $7 == names[$4 + 1] && off * off < 1e-7 && $10 == cost[links == 1 ? 1 : $3] " MACs" }
    END { print same "/" NR }')
  [[ $same == 120/120 || $same == 119/120 ]] || fail "$net, $*: $same lines are those of enas4d-eval: $(head -n 3 lines.tsv)"
}
