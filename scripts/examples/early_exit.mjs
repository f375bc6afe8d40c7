// A network that enas4d-export wrote, run stage by stage in ONNX Runtime: images that are sure enough leave, and later stages
// run for the others only. To be copied into programs of your own.
//
//   const network = await EarlyExitNetwork.load("net");
//   const { label, confidence, exit, macs } = await network.run(pixels, count);
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

/** ONNX Runtime, once a network was loaded. */
export let ort;

function findRuntime() {
  try {
    return createRequire(import.meta.url)("onnxruntime-node");
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    throw new Error("there is no onnxruntime-node: npm ci --ignore-scripts, beside early_exit.mjs, brings it");
  }
}

function readManifest(folder) {
  const file = path.join(folder, "manifest.json");
  let manifest;
  try {
    manifest = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
  if (manifest?.format !== "enas4d/manifest") throw new Error(`${file}: is not a manifest`);
  if (!manifest.files.chain) throw new Error(`${folder}: was exported without --format onnx`);
  return manifest;
}

/** Classes and confidences, in [0, 1], of the rows of `logits`, a tensor of N x classes. */
export function decide(logits, measure) {
  const [count, classes] = logits.dims;
  const label = new Int32Array(count);
  const confidence = new Float32Array(count);
  for (let i = 0; i < count; ++i) {
    const row = logits.data.subarray(i * classes, (i + 1) * classes);
    let top = 0;
    if (!row.every(Number.isFinite)) throw new Error("a logit is not finite");
    for (let c = 1; c < classes; ++c) if (row[c] > row[top]) top = c;
    let sum = 0, weighted = 0, second = 0;
    for (let c = 0; c < classes; ++c) {
      const weight = Math.exp(row[c] - row[top]);
      sum += weight;
      weighted += weight * (row[c] - row[top]);
      if (c !== top) second = Math.max(second, weight);
    }
    label[i] = top;
    let sure;
    switch (measure) {
      case "max_softmax": sure = 1 / sum; break;
      case "margin": sure = (1 - second) / sum; break;
      case "entropy": sure = 1 - (Math.log(sum) - weighted / sum) / Math.log(classes); break;
      default: throw new Error(`unknown confidence measure ${measure}`);
    }
    confidence[i] = Math.min(Math.max(sure, 0), 1);
  }
  return { label, confidence };
}

/** The given rows of a tensor. */
function keepRows(tensor, rows) {
  const size = tensor.data.length / tensor.dims[0];
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => data.set(tensor.data.subarray(row * size, (row + 1) * size), i * size));
  return new ort.Tensor("float32", data, [rows.length, ...tensor.dims.slice(1)]);
}

export class EarlyExitNetwork {
  /**
   * Reads the folder that enas4d-export wrote with --format onnx; `options` are those of an InferenceSession. One thread is the
   * default: each session has threads of its own, which spin for a while after their graph and slow the next one down.
   */
  static async load(folder, options = { intraOpNumThreads: 1 }) {
    const manifest = readManifest(folder);
    ort ??= findRuntime();
    const session = (file) => ort.InferenceSession.create(path.join(folder, file), options);
    const network = new EarlyExitNetwork();
    network.manifest = manifest;
    network.folder = folder;
    network.sessionOf = session;
    network.chain = await Promise.all(manifest.files.chain.map(session));
    return network;
  }

  get shape() {
    const { channels, resolution } = this.manifest.input;
    return [channels, resolution, resolution];
  }

  /** Names of the values that graphs after `stage` take. */
  takenAfter(stage) {
    const given = this.chain.slice(0, stage + 1).flatMap((graph) => graph.outputNames);
    const taken = new Set(this.chain.slice(stage + 1).flatMap((graph) => graph.inputNames));
    return ["image", ...given.filter((name) => taken.has(name))];
  }

  /** Bytes, pixel after pixel, as the network takes them: channels x height x width floats. */
  prepare(bytes) {
    const { channels, resolution, mean, deviation } = this.manifest.input;
    const area = resolution * resolution;
    const image = new Float32Array(channels * area);
    for (let i = 0; i < area; ++i) {
      for (let c = 0; c < channels; ++c) {
        image[c * area + i] = (bytes[i * channels + c] / 255 - mean[c]) / deviation[c];
      }
    }
    return image;
  }

  /**
   * Runs `count` prepared images, one after the other in `pixels`. Gives for each its class, its confidence, the exit (from 1)
   * that it left at, and the multiply-accumulates that it took.
   */
  async run(pixels, count) {
    const { macs, record: { policy } } = this.manifest;
    const result = {
      label: new Int32Array(count), confidence: new Float32Array(count), exit: new Int32Array(count), macs: new Float64Array(count),
    };
    // All values by name. A graph's inputs come from here, and its outputs go here.
    const values = { image: new ort.Tensor("float32", pixels, [count, ...this.shape]) };
    let rows = Array.from({ length: count }, (_, i) => i); // images that are on their way
    for (let stage = 0; rows.length > 0; ++stage) {
      const graph = this.chain[stage];
      const feeds = Object.fromEntries(graph.inputNames.map((name) => [name, values[name]]));
      Object.assign(values, await graph.run(feeds));
      const { label, confidence } = decide(values[graph.outputNames[0]], policy.confidence ?? "max_softmax");
      const exit = policy.exit ?? stage + 1;
      const staying = [];
      rows.forEach((row, i) => {
        if (stage + 1 < this.chain.length && confidence[i] < policy.thresholds[stage]) {
          staying.push(i);
          return;
        }
        result.label[row] = label[i];
        result.confidence[row] = confidence[i];
        result.exit[row] = exit;
        result.macs[row] = macs[stage];
      });
      if (staying.length > 0 && staying.length < rows.length) {
        for (const name of this.takenAfter(stage)) values[name] = keepRows(values[name], staying);
      }
      rows = staying.map((i) => rows[i]);
    }
    return result;
  }
}

/** Tensors of a safetensors file: {name: {shape, data}}, float32 and int64. */
export function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes));
  delete header.__metadata__;
  const kinds = { F32: Float32Array, I64: BigInt64Array };
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(header)) {
    const start = bytes.byteOffset + 8 + headerBytes;
    tensors[name] = { shape, data: new kinds[dtype](bytes.buffer.slice(start + begin, start + end)) };
  }
  return tensors;
}
