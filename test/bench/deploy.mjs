#!/usr/bin/env node
// Early exit in ONNX Runtime against the full network there: two folders of enas4d-export, the second with its last exit fixed.
// One thread each. Rounds alternate, ratios are medians over rounds. Figures as scripts/bench prints them.
//
//   node test/bench/deploy.mjs NET FULL
import path from "node:path";
import { EarlyExitNetwork, readSafetensors } from "../../scripts/examples/early_exit.mjs";

const kRounds = 7;
const [net, full] = process.argv.slice(2);
const networks = [await EarlyExitNetwork.load(net), await EarlyExitNetwork.load(full)];
const { image } = readSafetensors(path.join(net, networks[0].manifest.files.examples));
const count = image.shape[0];
const size = image.data.length / count;

function figure(name, value, unit) {
  console.log(JSON.stringify({ bench: "deploy", name, value: Number(value.toPrecision(4)), unit }));
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Seconds and MACs for all images in batches. */
async function pass(network, batch) {
  const begin = process.hrtime.bigint();
  let macs = 0;
  for (let first = 0; first + batch <= count; first += batch) {
    const result = await network.run(image.data.subarray(first * size, (first + batch) * size), batch);
    for (const spent of result.macs) macs += spent;
  }
  return { seconds: Number(process.hrtime.bigint() - begin) / 1e9, macs };
}

for (const batch of [64, 1]) {
  const images = count - (count % batch);
  if (images === 0) continue;
  const rounds = [];
  for (const network of networks) await pass(network, batch); // warms up
  for (let round = 0; round < kRounds; ++round) rounds.push([await pass(networks[0], batch), await pass(networks[1], batch)]);
  const timeRatio = median(rounds.map(([early, whole]) => early.seconds / whole.seconds));
  const macsRatio = rounds[0][0].macs / rounds[0][1].macs;
  figure(`chain_time_ratio_${batch}`, timeRatio, "ratio");
  figure(`chain_macs_ratio_${batch}`, macsRatio, "ratio");
  figure(`chain_time_over_macs_${batch}`, timeRatio / macsRatio, "ratio");
  figure(`chain_images_per_second_${batch}`, images / median(rounds.map(([early]) => early.seconds)), "images/s");
}
