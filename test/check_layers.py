#!/usr/bin/python3
"""Checks every #include of the sources against the module table in lib/README.md.

    test/check_layers.py [ROOT]

Prints one line per fault and ends with status 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
ROW = re.compile(r"^\| `(\w+)` \| (enas4d(?:-core)?) \|([^|]*)\|", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
TORCH = re.compile(r"(torch|ATen|c10)/")
CATCH_HEADER = "test/support/catch.h"  # may include what it hides


def read_table():
    rows = ROW.findall((ROOT / "lib/README.md").read_text())
    allowed = {module: set(re.findall(r"`(\w+)`", names)) for module, _, names in rows}
    core = {module for module, library, _ in rows if library == "enas4d-core"}
    return allowed, core


def table_faults(allowed):
    if not allowed:
        yield "lib/README.md: no module table found"
    above = set()
    for module, names in allowed.items():
        for name in sorted(names - above):
            yield f"lib/README.md: {module} may include {name}, which does not stand above it"
        above.add(module)
    for folder in sorted(path.name for path in (ROOT / "lib").iterdir() if path.is_dir()):
        if folder not in allowed:
            yield f"lib/{folder}: not in the module table of lib/README.md"


def module_of(path, core):
    """The module that a file belongs to or tests, and whether it must do without LibTorch."""
    top, folder = path.parts[0], path.parts[1]
    return folder, top in ("lib", "test") and folder in core


def include_faults(path, bracket, header, allowed, core):
    module, without_torch = module_of(path, core)
    target = header.split("/")[0]
    if path.parts[0] == "lib" and bracket == '"':
        if target not in allowed or "/" not in header:
            yield f'"{header}" is not of the form "module/file.h"'
        elif target != module and target not in allowed[module]:
            yield f'"{header}": {module} may not include {target}'
    if without_torch and (TORCH.match(header) or target in allowed.keys() - core):
        yield f"{header}: the core and its tests do without LibTorch"
    if header.startswith("CLI/"):
        if path.suffix != ".cpp" or not str(path).startswith(("lib/cli/", "tools/")):
            yield f"{header}: only lib/cli/*.cpp and tools/*.cpp see CLI11"
    if header.startswith("catch2/") and str(path) != CATCH_HEADER:
        yield f'{header}: tests include "support/catch.h"'


def source_files():
    for folder in ("lib", "tools", "test"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(ROOT)


def main():
    allowed, core = read_table()
    faults = list(table_faults(allowed))
    for path in source_files():
        for bracket, header in INCLUDE.findall((ROOT / path).read_text()):
            faults += [f"{path}: {fault}" for fault in include_faults(path, bracket, header, allowed, core)]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


sys.exit(main())
