#!/usr/bin/env node
// Classifies images with an exported network in ONNX Runtime and true early exit: one line an image with its class, its
// confidence, the exit that it left at and its multiply-accumulates.
//
//   scripts/install-deps --with-onnxruntime
//   enas4d-export ... --format onnx -o net
//   node scripts/examples/classify.mjs net IMAGE...
//
// Images are binary PPM or PGM of the network's size. README.md beside this file makes them of photographs.
import fs from "node:fs";
import { EarlyExitNetwork } from "./early_exit.mjs";

const kBatch = 64;
const [folder, ...files] = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: classify.mjs NET IMAGE...");
  process.exit(2);
}

/** The pixels of a binary PPM (3 channels) or PGM (1) of 8 bits. */
function readPnm(file, channels, resolution) {
  const bytes = fs.readFileSync(file);
  const match = /^(P[56])(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)\s/.exec(bytes.toString("latin1", 0, 1024));
  if (!match) throw new Error(`${file}: must be a binary PPM or PGM`);
  const [header, kind, width, height, most] = match;
  const wanted = `P${channels === 3 ? 6 : 5} ${resolution}x${resolution} 255`;
  const found = `${kind} ${width}x${height} ${most}`;
  if (found !== wanted) throw new Error(`${file}: must be ${wanted}, is ${found}`);
  const pixels = bytes.subarray(header.length);
  const size = channels * resolution * resolution;
  if (pixels.length < size) throw new Error(`${file}: is cut: ${pixels.length} bytes of pixels of ${size}`);
  return pixels;
}

try {
  const network = await EarlyExitNetwork.load(folder);
  const { channels, resolution } = network.manifest.input;
  const size = channels * resolution * resolution;
  for (let first = 0; first < files.length; first += kBatch) {
    const batch = files.slice(first, first + kBatch);
    const pixels = new Float32Array(batch.length * size);
    batch.forEach((file, i) => pixels.set(network.prepare(readPnm(file, channels, resolution)), i * size));
    const { label, confidence, exit, macs } = await network.run(pixels, batch.length);
    batch.forEach((file, i) => {
      const name = network.manifest.class_names[label[i]] ?? label[i];
      console.log([file, name, confidence[i].toFixed(4), `exit ${exit[i]}`, `${macs[i]} MACs`].join("\t"));
    });
  }
} catch (error) {
  console.error(`classify.mjs: ${error.message}`);
  process.exit(1);
}
