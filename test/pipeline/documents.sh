#!/usr/bin/env bash
# Manual pages, completions and schemas of --config as they are built: complete, without complaints of troff, completing in a
# real bash, true of --print-config.
source "$(dirname "$0")/common.sh"
documents=$(cd "$1/../documents" && pwd)

fits_schema() { # SCHEMA DOCUMENT
  /usr/bin/python3 -c 'import json, sys, jsonschema
schema, document = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
sys.exit(not jsonschema.Draft202012Validator(schema).is_valid(document))' "$1" "$2"
}

# The tags of the entries of OPTIONS that have a text, one a line.
options_of() { # PAGE
  awk '/^\.SH / { inside = $2 == "OPTIONS" }
    inside && tag != "" && /^[^.].*[a-z]/ { print tag }
    { tag = last == ".TP" ? $0 : ""; last = $0 }' "$1"
}

for tool in train-ofa sample search export eval; do
  page=$documents/man/enas4d-$tool.1
  "enas4d-$tool" --help >help.txt
  # Flags as --help and --print-config name them; the page writes their dashes as \-.
  { grep -oE '^ +(-., )?--[a-z0-9-]+' help.txt | grep -oE -- '--[a-z0-9-]+'
    "enas4d-$tool" --print-config | jq -r 'keys[] | "--" + gsub("_"; "-")'; } | sort -u >flags.txt
  [[ $(wc -l <flags.txt) -ge 12 ]] || fail "$tool: flags: $(cat flags.txt)"
  options_of "$page" >options.txt
  while read -r flag; do
    grep -qF -- "\\fB${flag//-/\\-}\\fR" options.txt || fail "$page does not say what $flag is"
    grep -qE -- "^ +$flag \\\\$" "$documents/completions/enas4d-$tool" || fail "completion of $tool lacks $flag"
  done <flags.txt
  sections=(NAME SYNOPSIS DESCRIPTION OPTIONS FILES "EXIT STATUS" EXAMPLES "SEE ALSO")
  [[ $tool == sample ]] || sections+=(ENVIRONMENT) # that one looks at none
  for section in "${sections[@]}"; do
    grep -qx ".SH $section" "$page" || fail "$page lacks $section"
  done
  grep -nE '^@.*@$' "$page" && fail "$page: a place that nothing was put in"
  groff -man -Tutf8 -ww -z "$page" 2>groff.txt || fail "groff: $(cat groff.txt)"
  [[ ! -s groff.txt ]] || fail "$page: $(head -n 3 groff.txt)"

  "enas4d-$tool" --print-config >config.json
  fits_schema "$documents/config/enas4d-$tool.schema.json" config.json || fail "--print-config of $tool breaks its schema"
  jq '. + {"$schema": "enas4d.schema.json"}' config.json >named.json
  fits_schema "$documents/config/enas4d-$tool.schema.json" named.json || fail "the schema of $tool does not take its own name"
  "enas4d-$tool" --config named.json --print-config | cmp - config.json || fail "$tool: --config does not take the name of its schema"
  jq '.seeed = 1' config.json >wrong.json
  fits_schema "$documents/config/enas4d-$tool.schema.json" wrong.json && fail "the schema of $tool takes any key"
done

/usr/bin/python3 "$here/completion.py" "$documents/completions" || fail "completion"
