#!/usr/bin/env node
// Does ONNX Runtime answer as the network that was exported? Runs the examples of a folder that enas4d-export wrote with
// --format onnx --examples N: all_exits.onnx, every graph of the chain, and early exit. One JSON object on stdout; status 1
// where logits differ by more than 1e-4 absolute and relative, or more than one decision in 1,000 that is not a close one.
//
//   node scripts/examples/check.mjs net
import path from "node:path";
import { EarlyExitNetwork, decide, ort, readSafetensors } from "./early_exit.mjs";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: check.mjs NET");
  process.exit(2);
}

const kBatch = 64; // features of more would not fit into every machine's memory

/** Compares a network with its examples. */
class Comparison {
  agrees = true;

  constructor(network, examples) {
    this.network = network;
    this.examples = examples;
    this.exits = Object.keys(examples).filter((name) => name.startsWith("logits")).sort();
  }

  /** The largest difference of `outputs`, the logits of images from `first` on. */
  largestDifference(outputs, first) {
    let largest = 0;
    for (const name of this.exits) {
      const { shape: [, classes], data } = this.examples[name];
      outputs[name].data.forEach((found, i) => {
        const logit = data[first * classes + i];
        const difference = Math.abs(found - logit);
        if (!(difference <= 1e-4 + 1e-4 * Math.abs(logit))) this.agrees = false;
        largest = Math.max(largest, difference);
      });
    }
    return largest;
  }

  /** The expected confidence of an example at an exit. */
  confidenceAt(i, exit, measure) {
    const { shape: [, classes], data } = this.examples[`logits${exit}`];
    return decide({ dims: [1, classes], data: data.subarray(i * classes, (i + 1) * classes) }, measure).confidence[0];
  }

  /** Whether rounding may have made another decision for an example, which left at `exit` here. */
  isClose(i, exit) {
    const { policy } = this.network.manifest.record;
    const expectedExit = Number(this.examples.exit.data[i]);
    if (exit === expectedExit) return this.confidenceAt(i, exit, "margin") < 1e-3;
    const first = Math.min(exit, expectedExit); // where one left and the other went on
    return Math.abs(policy.thresholds[first - 1] - this.confidenceAt(i, first, policy.confidence)) < 1e-3;
  }

  async run() {
    const { network, examples } = this;
    const [count, ...shape] = examples.image.shape;
    const size = examples.image.data.length / count;
    const whole = await network.sessionOf(network.manifest.files.onnx);
    let allExitsDifference = 0, chainDifference = 0;
    // A decision is close, and float32 makes it, within 0.001 of a threshold or of the second class.
    let same = 0, close = 0;
    for (let first = 0; first < count; first += kBatch) {
      const images = Math.min(kBatch, count - first);
      const pixels = examples.image.data.subarray(first * size, (first + images) * size);
      const values = { image: new ort.Tensor("float32", pixels, [images, ...shape]) };
      allExitsDifference = Math.max(allExitsDifference, this.largestDifference(await whole.run(values), first));
      for (const graph of network.chain) {
        Object.assign(values, await graph.run(Object.fromEntries(graph.inputNames.map((name) => [name, values[name]]))));
      }
      chainDifference = Math.max(chainDifference, this.largestDifference(values, first));
      const { exit, label } = await network.run(pixels, images);
      for (let i = 0; i < images; ++i) {
        if (exit[i] === Number(examples.exit.data[first + i]) && label[i] === Number(examples.class.data[first + i])) {
          ++same;
        } else if (this.isClose(first + i, exit[i])) {
          ++close;
        }
      }
    }
    return {
      images: count, all_exits_difference: allExitsDifference, chain_difference: chainDifference,
      same_decisions: same, close_decisions: close, agrees: this.agrees && count - same - close <= count / 1000,
    };
  }
}

try {
  const network = await EarlyExitNetwork.load(folder);
  const { examples } = network.manifest.files;
  if (!examples) throw new Error(`${folder}: was exported without --examples`);
  const result = await new Comparison(network, readSafetensors(path.join(folder, examples))).run();
  console.log(JSON.stringify(result));
  process.exit(result.agrees ? 0 : 1);
} catch (error) {
  console.error(`check.mjs: ${error.message}`);
  process.exit(1);
}
