#!/usr/bin/env python3
"""Types at a real bash, on a terminal of its own, and looks at what TAB makes of the line.
Usage: completion.py FOLDER_OF_COMPLETIONS, in an empty folder."""
import os
import pathlib
import pty
import re
import select
import sys
import time

TOOLS = ("train-ofa", "sample", "search", "export", "eval")
FILES = ("my data/train/x", "my data/weights.safetensors", "folder/train/x", "folder/file.json", "it's", ".cache/x", "home/x")
INPUTRC = """set bell-style none
set enable-bracketed-paste off
set show-all-if-ambiguous on
set page-completions off
set completion-query-items 0
"""


class Shell:
    """bash in which the programs' names stand for a function that shows its arguments."""

    def __init__(self, completions):
        pathlib.Path("inputrc").write_text(INPUTRC)
        pathlib.Path("rc").write_text("PS1='ready> '\n" + "".join(
            f". '{completions}/enas4d-{tool}'\nenas4d-{tool}() {{ printf 'arguments'; printf '[%s]' \"$@\"; echo; }}\n" for tool in TOOLS))
        try:
            process, self.terminal = pty.fork()
        except OSError as error:  # a chroot without /dev/pts
            print(f"completion: left out: {error}", file=sys.stderr)
            sys.exit(0)
        if process == 0:
            os.environ.update(TERM="dumb", INPUTRC="inputrc", HOME=os.path.join(os.getcwd(), "home"))
            os.execvp("bash", ["bash", "--noprofile", "--rcfile", "rc", "-i"])
        self.wait_for("ready> $")

    def wait_for(self, pattern):
        """What has come to the screen when it ends in the pattern."""
        shown, patience = "", time.monotonic() + 20
        while not re.search(pattern, shown):
            if not select.select([self.terminal], [], [], max(0, patience - time.monotonic()))[0]:
                sys.exit(f"completion: bash hangs, it showed {shown!r}")
            shown += os.read(self.terminal, 65536).decode().replace("\r", "")
        return shown

    def screen_of(self, keys):
        """What a line shows that ends as a call of one of the programs."""
        os.write(self.terminal, (keys + "\n").encode())
        return self.wait_for(r"(?s)\narguments\[.*\nready> $")

    def arguments_of(self, keys):
        return re.findall(r"\[([^\]]*)\]", self.screen_of(keys).rsplit("\narguments", 1)[1])

    def offers_of(self, line):
        """What is listed below the line when TAB has more than one answer."""
        shown = self.screen_of(line + "\t\x15enas4d-eval the end")
        return sorted(shown.split("\n", 1)[1].split("ready> ", 1)[0].split())


def main():
    for path in map(pathlib.Path, FILES):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    shell = Shell(os.path.abspath(sys.argv[1]))

    def becomes(keys, *arguments):
        got = shell.arguments_of(keys)
        assert got == list(arguments), f"{keys!r} becomes {got}, not {list(arguments)}"

    def lists(line, *words):
        got = shell.offers_of(line)
        assert got == list(words), f"{line!r} is offered {got}, not {list(words)}"

    # Options and words.
    becomes("enas4d-search --strat\tst\t", "--strategy", "stagewise")
    becomes("enas4d-search --strategy=st\t", "--strategy=stagewise")
    becomes("enas4d-search --output \"a b\" --strategy st\t", "--output", "a b", "--strategy", "stagewise")
    becomes("enas4d-search --output a\\ b --front --strategy st\t", "--output", "a b", "--front", "--strategy", "stagewise")
    becomes("enas4d-export --format native,o\t", "--format", "native,onnx")
    becomes("enas4d-train-ofa --recipe qu\t", "--recipe", "quick")
    becomes("enas4d-sample --space fashion-mnist --wh\t", "--space", "fashion-mnist", "--which")
    becomes("enas4d-eval --batch \t1", "--batch", "1")
    lists("enas4d-search --strategy ", "evolution", "random", "stagewise")
    lists("enas4d-search --data cif", "cifar100:", "cifar10:")
    lists("enas4d-search --m", "--max-macs", "--max-params", "--max-time", "--min-accuracy", "--min-macs", "--most-unreadable",
          "--mutation-rate")

    # Files and folders.
    becomes("enas4d-search --checkpoint folder/f\t", "--checkpoint", "folder/file.json")
    lists("enas4d-search --checkpoint folder/", "file.json", "train/")
    becomes("enas4d-search --journal folder/\t", "--journal", "folder/train/")
    becomes("enas4d-search --data folder:fol\t", "--data", "folder:folder/")
    becomes("enas4d-search --data=folder:fol\t", "--data=folder:folder/")
    becomes("enas4d-search --journal .c\t", "--journal", ".cache/")
    becomes("enas4d-search --checkpoint ~/\t", "--checkpoint", os.path.join(os.getcwd(), "home", "x"))

    # With a space or a quote in the path, however it is typed.
    for typed in ("my\\ d\tw\t", "\"my d\tw\t", "'my d\tw\t", "m\tw\t"):
        becomes("enas4d-search --checkpoint " + typed, "--checkpoint", "my data/weights.safetensors")
    becomes("enas4d-search --checkpoint=my\\ d\tw\t", "--checkpoint=my data/weights.safetensors")
    becomes("enas4d-search --data fold\tmy\\ d\t", "--data", "folder:my data/")
    becomes("enas4d-search --data=folder:my\\ d\ttr\t", "--data=folder:my data/train/")
    becomes("enas4d-search --data \"folder:my d\t", "--data", "folder:my data")
    becomes("enas4d-search --data folder:\"my d\ttr\t", "--data", "folder:my data/train/")
    becomes("enas4d-search --checkpoint it\\'\t", "--checkpoint", "it's")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"completion: {error}")
