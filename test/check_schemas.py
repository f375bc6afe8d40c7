#!/usr/bin/env python3
"""Validates every document under schemas/ against its JSON Schema: shipped and valid ones must pass, invalid ones must
fail, except those whose rule a schema cannot express. Usage: check_schemas.py SCHEMAS"""
import json
import pathlib
import sys

import jsonschema

KINDS = ("space", "spec", "recipe", "policy", "record", "manifest")

# Rules that relate one value to another: only the readers check them.
BEYOND_SCHEMA = {
    "record-macs-count",
    "record-threshold-count",
    "space-features-count",
    "space-not-ascending",
    "space-stage-count",
}


def validators(schemas):
    result = {}
    for kind in KINDS:
        schema = json.loads((schemas / f"{kind}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        result[kind] = jsonschema.Draft202012Validator(schema)
    return result


def complaints(schemas):
    by_kind = validators(schemas)

    def passes(path, kind):
        return by_kind[kind].is_valid(json.loads(path.read_text()))

    def kind_of(path):
        return path.stem.split("-", 1)[0]

    valid = sorted((schemas / "examples" / "valid").glob("*.json"))
    invalid = sorted((schemas / "examples" / "invalid").glob("*.json"))
    for kind in KINDS:
        for folder, paths in (("valid", valid), ("invalid", invalid)):
            if not any(kind_of(path) == kind for path in paths):
                yield f"{schemas}/examples/{folder}: no example of kind {kind}"

    good = [(path, kind_of(path)) for path in valid]
    good += [(path, "space") for path in (schemas / "spaces").glob("*.json")]
    good += [(path, "recipe") for path in (schemas / "recipes").glob("*.json")]
    for path, kind in good:
        for error in by_kind[kind].iter_errors(json.loads(path.read_text())):
            yield f"{path}: {error.json_path}: {error.message}"

    # A manifest's schema has the record's in it, because a schema is one file.
    record, own = by_kind["record"].schema, by_kind["manifest"].schema
    parts = ("type", "properties", "required", "additionalProperties")
    if own["properties"]["record"] != {part: record[part] for part in parts}:
        yield f"{schemas}/manifest.schema.json: /properties/record: must be what record.schema.json has"
    for name, definition in record["$defs"].items():
        if own["$defs"].get(name) != definition:
            yield f"{schemas}/manifest.schema.json: /$defs/{name}: must be what record.schema.json has"

    for path in invalid:
        expected = path.stem in BEYOND_SCHEMA
        if passes(path, kind_of(path)) != expected:
            yield f"{path}: must {'pass' if expected else 'fail'} its schema"


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
