// Classifies images with a network that enas4d-export wrote, with true early exit: one line an
// image with its class, its confidence, the exit that it left at and its multiply-accumulates.
//
//   classify net/subnet.safetensors IMAGE...        JPEG, PNG, PPM or PGM of any size
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "eval/early_exit.h"
#include "formats/image_decoder.h"
#include "util/files.h"

int main(int argc, char** argv) {
  using namespace enas4d;
  if (argc < 3) {
    fmt::print(stderr, "usage: classify SUBNET IMAGE...\n");
    return 2;
  }
  try {
    const SubnetFile network = load_subnet(argv[1]);
    const Plan& plan = network.subnet.plan();
    const Policy& policy = network.record.policy.value();
    const std::vector<std::string>& names = network.data.class_names;
    for (int i = 2; i < argc; ++i) {
      const Image image = decode_image(read_file(argv[i]), argv[i], {plan.channels, 0});
      const EarlyExitRun run = run_early_exit(
          network.subnet, policy, prepare_image(image.view(), network.data, plan.resolution));
      const auto label = static_cast<std::size_t>(run.predicted[0]);
      const std::string name = names.empty() ? std::to_string(label) : names[label];
      fmt::print("{}\t{}\t{:.4f}\texit {}\t{:.0f} MACs\n", argv[i], name, run.confidence[0],
                 run.exit[0] + 1, average_macs(run, policy, exit_macs(plan)));
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "classify: {}\n", error.what());
    return 1;
  }
}
