#!/usr/bin/env python3
"""Does another runtime answer as the network that was exported? Runs the examples of a folder that enas4d-export wrote with
--examples N: the logits of all exits, with onnxruntime those of the chain, too, and early exit. One JSON object on stdout; status 1
where logits differ by more than 1e-4 absolute and relative, or more than one decision in 1,000 that is not a close one.

    scripts/examples/check.py net
"""
import argparse
import json
import sys

try:
    import numpy as np

    from early_exit import RUNTIMES, OnnxNetwork, decide, load, read_safetensors, run_graph
except ImportError as error:
    sys.exit(f"check.py: {error}: Debian's python3-torch and python3-pil bring what is needed for /usr/bin/python3")

# A decision is close, and float32 makes it, within this of a threshold or of the second class.
CLOSE = 1e-3
BATCH = 64  # features of more images would not fit into every machine's memory


def logits_of(network, image, names):
    """The logits of every exit by each way to get them, without early exit."""
    ways = {"all_exits": network.exits(image)}
    if isinstance(network, OnnxNetwork):
        values = {"image": image}
        for graph in network.chain:
            run_graph(graph, values)
        ways["chain"] = [values[name] for name in names]
    return ways


def is_close(policy, examples, i, exit):
    """Whether rounding may have made another decision for example i, which left at `exit` here."""
    first = min(exit, examples["exit"][i])  # where one left and the other went on
    logits = examples[f"logits{first}"][i:i + 1]
    if exit == examples["exit"][i]:
        return decide(logits, "margin")[1][0] < CLOSE
    return abs(policy["thresholds"][first - 1] - decide(logits, policy["confidence"])[1][0]) < CLOSE


def main():
    parser = argparse.ArgumentParser(description="checks a runtime against the examples of an exported network")
    parser.add_argument("net", help="a folder that enas4d-export wrote with --examples")
    parser.add_argument("--runtime", choices=RUNTIMES, help="by default the first that is there")
    options = parser.parse_args()
    network = load(options.net, options.runtime)
    if "examples" not in network.manifest["files"]:
        raise ValueError(f"{options.net}: was exported without --examples")
    examples = read_safetensors(network.path(network.manifest["files"]["examples"]))
    count, names = len(examples["image"]), sorted(name for name in examples if name.startswith("logits"))

    differences = {}
    agrees = True
    same = close = 0
    for begin in range(0, count, BATCH):
        batch = slice(begin, begin + BATCH)
        image = examples["image"][batch]
        expected = np.stack([examples[name][batch] for name in names])
        for way, logits in logits_of(network, image, names).items():
            difference = np.abs(np.stack(logits) - expected)
            key = f"{way}_difference"
            differences[key] = max(differences.get(key, 0.0), float(difference.max()))
            agrees = agrees and bool((difference <= 1e-4 + 1e-4 * np.abs(expected)).all())
        label, _, exit, _ = network.run(image)
        decided = (exit == examples["exit"][batch]) & (label == examples["class"][batch])
        same += int(decided.sum())
        close += sum(is_close(network.policy, examples, begin + i, exit[i]) for i in np.flatnonzero(~decided))
    agrees = agrees and count - same - close <= count / 1000
    print(json.dumps({"images": count, **differences, "same_decisions": same, "close_decisions": int(close), "agrees": bool(agrees)}))
    return 0 if agrees else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f"check.py: {error}")
