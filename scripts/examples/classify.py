#!/usr/bin/env python3
"""Classifies images with an exported network and true early exit: one line an image with its class, its confidence, the exit that
it left at and its multiply-accumulates.

    scripts/install-deps --with-python
    enas4d-export ... --format onnx,torchscript -o net
    scripts/examples/classify.py net IMAGE...

Images are whatever Pillow reads: JPEG, PNG, PPM, of any size.
"""
import argparse
import signal
import sys

try:
    import numpy as np

    from early_exit import RUNTIMES, load
except ImportError as error:
    sys.exit(f"classify.py: {error}: Debian's python3-torch and python3-pil bring what is needed for /usr/bin/python3")

BATCH = 64


def main():
    parser = argparse.ArgumentParser(description="classifies images with true early exit")
    parser.add_argument("net", help="a folder that enas4d-export wrote")
    parser.add_argument("images", nargs="+", metavar="image")
    parser.add_argument("--runtime", choices=RUNTIMES, help="by default the first that is there")
    options = parser.parse_args()
    network = load(options.net, options.runtime)
    names = network.manifest["class_names"]
    for begin in range(0, len(options.images), BATCH):
        files = options.images[begin:begin + BATCH]
        results = network.run(np.stack([network.prepare(file) for file in files]))
        for file, label, confidence, exit, macs in zip(files, *results):
            name = names[label] if label < len(names) else label
            print(file, name, f"{confidence:.4f}", f"exit {exit}", f"{macs} MACs", sep="\t")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        main()
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f"classify.py: {error}")
