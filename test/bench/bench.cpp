// Figures for scripts/bench, one JSON object a line. Each call measures one thing, so that every
// figure has a process, an allocator and a peak of memory of its own. Ratios are taken within one
// process, against SGEMM on the same threads.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>

#include <fmt/format.h>
#include <torch/torch.h>

#include "arch/sample.h"
#include "bench/decode.h"
#include "bench/figures.h"
#include "bench/prefixes.h"
#include "bench/search_quality.h"
#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "eval/measure.h"
#include "eval/network_evaluator.h"
#include "nn/supernet.h"
#include "policy/thresholds.h"
#include "search/search.h"
#include "util/cpu.h"
#include "util/json.h"

namespace enas4d {
namespace {

int bench_sgemm() {
  const double gmacs = sgemm_gmacs();
  print_figure("train", "sgemm_gmacs", rounded(gmacs), "GMAC/s");
  print_figure("train", "sgemm_kernel", blas_kernel(), "name");
  print_figure("train", "threads", torch::get_num_threads(), "threads");
  if (gmacs >= kSlowBlas) return 0;
  std::fprintf(
      stderr,
      "bench: slow BLAS: %.1f GMAC/s, at least %.0f expected; is libopenblas0-openmp in use?\n",
      gmacs, kSlowBlas);
  return 1;
}

Dataset synthetic_cifar(int train, int test) {
  SyntheticOptions options;
  options.train = train;
  options.test = test;
  return Dataset::from(make_synthetic(options), "synthetic", 1);
}

/// The largest network, untrained (time does not depend on what weights say), calibrated.
Subnet largest_subnet(const Space& space, const Dataset& data) {
  return extract_calibrated(Supernet(space, 1), lower(space, largest(space)), data);
}

int bench_inference() {
  const double sgemm = sgemm_gmacs();
  const Space space = cifar10_space();
  const Subnet subnet = largest_subnet(space, synthetic_cifar(2500, 10));
  const auto images = random_batch(space, kBatch);
  const double gmacs = static_cast<double>(exit_macs(subnet.plan()).full()) * kBatch * 1e-9;
  subnet.forward(images);
  const double seconds = best_seconds(10, [&] { subnet.forward(images); });
  print_figure("eval", "inference_gmacs", rounded(gmacs / seconds), "GMAC/s");
  print_figure("eval", "inference_sgemm_ratio", rounded(gmacs / seconds / sgemm), "ratio");
  print_figure("eval", "images_per_second", rounded(kBatch / seconds), "images/s");
  return 0;
}

/// Early exit at the median confidence of every stage: time of the policy over full time, divided
/// by the ratio of MACs.
int bench_early_exit(int batch, const char* name) {
  const Space space = cifar10_space();
  const int images = batch == 1 ? 200 : 1280;
  const Dataset data = synthetic_cifar(2500, images);
  const Subnet subnet = largest_subnet(space, data);
  const ExitTable table = measure(subnet, data, Split::kTest);
  Policy policy;
  for (int s = 0; s + 1 < space.stages; ++s) {
    auto confidence = table.exits[static_cast<std::size_t>(s)].confidence[0];
    std::sort(confidence.begin(), confidence.end());
    policy.thresholds.push_back(confidence[confidence.size() / 2]);
  }
  TimingOptions options;
  options.batch = batch;
  const Timing timing = time_policy(subnet, policy, data, Split::kTest, options);
  print_figure("eval", name, rounded(timing.time_ratio / timing.macs_ratio), "ratio");
  return 0;
}

int bench_search() {
  const Space space = cifar10_space();
  const Dataset data = synthetic_cifar(50000, 10);
  const Supernet supernet(space, 1);
  const StopFlag stop;
  NetworkEvaluator evaluator(supernet, data, stop);
  std::vector<Spec> specs;
  double macs = 0;
  for (std::uint64_t i = 0; i < 8; ++i) {
    Rng rng(1, {i});
    specs.push_back(uniform(space, rng));
    macs += static_cast<double>(exit_macs(lower(space, specs.back())).full());
  }
  const double seconds =
      best_seconds(1, [&] { evaluator.evaluate(specs, [](std::size_t, const Evaluated&) {}); });
  print_figure("search", "evaluations_per_minute",
               rounded(60 * static_cast<double>(specs.size()) / seconds), "1/min");
  print_figure("search", "mean_candidate_macs",
               std::round(macs / static_cast<double>(specs.size())), "MACs");
  print_figure("search", "peak_mib", rounded(peak_memory_mib()), "MiB");
  return 0;
}

/// Of a trained supernet on its data; without one, of an untrained one on made-up images, whose
/// front is of smaller networks with less to share.
int bench_prefixes(const std::string& supernet, const std::string& data) {
  if (supernet.empty()) {
    return print_prefix_saving(Supernet(cifar10_space(), 1), synthetic_cifar(50000, 10)) ? 0 : 1;
  }
  const SupernetFile file = load_supernet(supernet);
  return print_prefix_saving(file.supernet, Dataset::open_as(data, file.data)) ? 0 : 1;
}

/// Three stages, 5,000 samples, one budget.
int bench_fit() {
  constexpr std::int32_t kSamples = 5000;
  Rng rng(1);
  ExitTable table;
  table.classes = 10;
  table.labels.assign(kSamples, 0);
  table.exits.resize(3);
  for (auto& exit : table.exits) {
    for (int i = 0; i < kSamples; ++i) {
      exit.predicted.push_back(rng.chance(0.8) ? 0 : 1);
      for (auto& confidence : exit.confidence)
        confidence.push_back(static_cast<float>(rng.uniform()));
    }
  }
  const ExitMacs macs{{10, 20, 30}, {9, 18, 27}};
  const double seconds =
      best_seconds(10, [&] { fit_thresholds(table, macs, Confidence::kMaxSoftmax, 18); });
  print_figure("search", "fit_s3_ms", rounded(1000 * seconds), "ms");
  return 0;
}

int bench_decode(const std::string& folder) {
  const DecodeFigures figures = measure_decoding(folder);
  print_figure("decode", "first_epoch_per_core", rounded(figures.first_epoch), "images/s");
  print_figure("decode", "later_epochs_per_core", rounded(figures.later_epochs), "images/s");
  return 0;
}

}  // namespace
}  // namespace enas4d

int main(int count, char** words) {
  using namespace enas4d;
  const auto word = [&](int i) { return std::string(i < count ? words[i] : ""); };
  if (count == 5 && word(1) == "search-quality") {
    print_search_quality(words[2], words[3], std::atoi(words[4]));
    return 0;
  }
  const std::map<std::string, std::function<int()>> benches = {
      {"sgemm", bench_sgemm},
      {"train-largest", bench_train_largest},
      {"train-sandwich", bench_train_sandwich},
      {"train-reference", bench_train_reference},
      {"train-operations", bench_train_operations},
      {"train-sweep", bench_train_sweep},
      {"train-naive", bench_train_naive},
      {"inference", bench_inference},
      {"early-exit-64", [] { return bench_early_exit(64, "time_over_macs_64"); }},
      {"early-exit-1", [] { return bench_early_exit(1, "time_over_macs_1"); }},
      {"search", bench_search},
      {"prefixes", [&] { return bench_prefixes(word(2), word(3)); }},
      {"fit", bench_fit},
      {"decode", [&] { return bench_decode(word(2)); }},
  };
  const bool with_files =
      (count == 3 && word(1) == "decode") || (count == 4 && word(1) == "prefixes");
  const auto bench = benches.find(count == 2 || with_files ? word(1) : "");
  if (bench == benches.end()) {
    std::fprintf(stderr,
                 "usage: enas4d-bench "
                 "sgemm|train-largest|train-sandwich|train-reference|train-operations|train-sweep|"
                 "train-naive|inference|early-exit-64|early-exit-1|search|fit|"
                 "prefixes [SUPERNET DATA]|decode [DIR]|search-quality SPACE JOURNAL SPECS\n");
    return 2;
  }
  torch::set_num_threads(usable_cpus());
  return bench->second();
}
