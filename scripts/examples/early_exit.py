"""A network that enas4d-export wrote, run with early exit in Python: images that are sure enough leave, and later stages run for
the others only. To be copied into programs of your own.

    network = load("net")
    images = numpy.stack([network.prepare("a.jpg"), network.prepare("b.png")])
    label, confidence, exit, macs = network.run(images)

Needs numpy, Pillow where it reads images, and a runtime: onnxruntime for what was exported with --format onnx, or torch (PyTorch,
which is LibTorch's Python) for --format torchscript.
"""
import functools
import json
import os

import numpy as np


def decide(logits, measure):
    """Classes and confidences of the rows of `logits`, N x classes."""
    if not np.isfinite(logits).all():
        raise ValueError("a logit is not finite")
    logs = logits.astype(np.float64) - logits.max(1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(1, keepdims=True))
    shares = np.exp(logs)
    if measure == "max_softmax":
        confidence = shares.max(1)
    elif measure == "margin":
        second, first = np.sort(shares, 1)[:, -2:].T
        confidence = first - second
    elif measure == "entropy":
        confidence = 1 + (shares * logs).sum(1) / np.log(logits.shape[1])
    else:
        raise ValueError(f"unknown confidence measure {measure}")
    return logits.argmax(1), confidence.clip(0, 1).astype(np.float32)


def run_graph(graph, values):
    """Runs an ONNX graph: its inputs come from `values`, by name, and its outputs go there. Gives the first one, the logits."""
    names = [output.name for output in graph.get_outputs()]
    outputs = graph.run(names, {taken.name: values[taken.name] for taken in graph.get_inputs()})
    values.update(zip(names, outputs))
    return outputs[0]


class Network:
    """What the runtimes have in common. `manifest` is manifest.json."""

    def __init__(self, folder, manifest):
        self.folder = folder
        self.manifest = manifest
        self.policy = manifest["record"]["policy"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def prepare(self, file):
        """An image file as the network takes it: its middle, resized; channels x height x width floats."""
        from PIL import Image, ImageOps

        given = self.manifest["input"]
        size = given["resolution"]
        try:
            with Image.open(file) as opened:
                image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I"):  # 16 bits
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
            image = image.convert("RGB" if given["channels"] == 3 else "L")
            # A small image is not enlarged where more of it is there to be seen.
            side = max(min(image.size) * given.get("crop", 1), min(size, *image.size))
            left, top = (image.width - side) / 2, (image.height - side) / 2
            image = image.resize((size, size), Image.BILINEAR, (left, top, left + side, top + side))
        except Exception as error:  # Pillow has many kinds for a damaged file
            raise ValueError(f"{file}: cannot be read: {error}") from None
        pixels = np.asarray(image).reshape(size, size, -1) / 255
        return ((pixels - given["mean"]) / given["deviation"]).astype(np.float32).transpose(2, 0, 1)

    def macs_of(self, exit):
        """Multiply-accumulates of images that left at `exit`; with a fixed exit the manifest has one figure."""
        macs = np.array(self.manifest["macs"])
        return macs[np.minimum(exit, len(macs)) - 1]


class OnnxNetwork(Network):
    """The chain in ONNX Runtime."""

    def __init__(self, folder, manifest, threads):
        super().__init__(folder, manifest)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = lambda file: onnxruntime.InferenceSession(self.path(file), options, providers=["CPUExecutionProvider"])
        self.chain = [self.session(file) for file in manifest["files"]["chain"]]

    @functools.cached_property
    def whole(self):
        return self.session(self.manifest["files"]["onnx"])

    def exits(self, images):
        """The logits of every exit, without early exit."""
        return self.whole.run(None, {"image": images})

    def run(self, images):
        """Of each image its class, its confidence, the exit (from 1) that it left at, and the multiply-accumulates that it took."""
        count = len(images)
        label, confidence, exit = np.empty(count, np.int64), np.empty(count, np.float32), np.empty(count, np.int64)
        thresholds = [*self.policy.get("thresholds", []), 0]  # all that reach the last stage leave there
        values = {"image": images}
        rows = np.arange(count)  # images that are on their way
        for stage, graph in enumerate(self.chain):
            said, sure = decide(run_graph(graph, values), self.policy.get("confidence", "max_softmax"))
            label[rows], confidence[rows], exit[rows] = said, sure, self.policy.get("exit", stage + 1)
            staying = np.flatnonzero(sure.astype(np.float64) < thresholds[stage])
            if staying.size == 0:
                break
            rows = rows[staying]
            later = {taken.name for graph in self.chain[stage + 1:] for taken in graph.get_inputs()}
            values = {name: values[name][staying] for name in later & values.keys()}
        return label, confidence, exit, self.macs_of(exit)


class TorchNetwork(Network):
    """The TorchScript module, in which early exit is."""

    def __init__(self, folder, manifest, threads):
        super().__init__(folder, manifest)
        import torch

        torch.set_num_threads(threads)
        torch.jit.set_fusion_strategy([])  # Debian 13's torch would compile for minutes once it has seen a batch or two
        self.module = torch.jit.load(self.path(manifest["files"]["torchscript"]))
        self.tensor, self.error = torch.tensor, torch.jit.Error

    def call(self, function, images):
        try:
            return [result.numpy() for result in function(self.tensor(images))]
        except self.error as error:  # what went wrong is the last of many lines
            raise ValueError(str(error).strip().splitlines()[-1]) from None

    def exits(self, images):
        return self.call(self.module.exits, images)

    def run(self, images):
        label, confidence, exit = self.call(self.module, images)
        return label, confidence, exit, self.macs_of(exit)


RUNTIMES = {"onnxruntime": (OnnxNetwork, "onnx"), "torch": (TorchNetwork, "torchscript")}


def load(folder, runtime=None, threads=1):
    """The network of a folder that enas4d-export wrote, in the given runtime, or the first that is there and has its files. One
    thread is the default: each ONNX graph has threads of its own, which spin for a while and slow the next one down."""
    path = os.path.join(folder, "manifest.json")
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != "enas4d/manifest":
        raise ValueError(f"{path}: is not a manifest")
    lacking = []
    for name in [runtime] if runtime else RUNTIMES:
        kind, files = RUNTIMES[name]
        if files not in manifest["files"]:
            lacking.append(f"was exported without --format {files}")
            continue
        try:
            return kind(folder, manifest, threads)
        except ImportError:
            lacking.append(f"{name} cannot be imported")
        except Exception as error:  # the runtimes have kinds of their own, some with many lines
            raise ValueError(f"{folder}: {name} cannot load it: {str(error).splitlines()[0]}") from None
    raise ValueError(f"{folder}: {', '.join(lacking)}")


def read_safetensors(path):
    """Tensors of a safetensors file, {name: array}: float32 and int64."""
    with open(path, "rb") as file:
        data = file.read()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    kinds = {"F32": "<f4", "I64": "<i8"}
    return {
        name: np.frombuffer(data[begin:][slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items() if name != "__metadata__"
    }
