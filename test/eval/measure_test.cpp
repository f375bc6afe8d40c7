#include "eval/measure.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "arch/sample.h"
#include "eval/early_exit.h"
#include "eval/evaluate.h"
#include "eval/network_evaluator.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/ranks.h"
#include "support/tensors.h"
#include "train/tiny_run.h"
#include "util/error.h"

namespace enas4d {

namespace {

/// An untrained three-stage network with its statistics, and data that fit it.
struct Measured {
  Measured() : data(tiny_data()), supernet(pencil_space(3), 1) {
    randomise(supernet, 2);
    plan = lower(supernet->space(), largest(supernet->space()));
  }
  Subnet subnet() const { return extract_calibrated(supernet, plan, data); }

  Dataset data;
  Supernet supernet;
  Plan plan;
};

/// Of a block that only deep third stages run.
torch::Tensor deep_weight(const Supernet& supernet) {
  torch::Tensor found;
  for (auto& parameter : supernet->named_parameters(/*recurse=*/false)) {
    if (parameter.key() == "stage3_unit1_block2_project_weight") found = parameter.value();
  }
  return found;
}

/// Makes networks with deep third stages give no numbers; a spec of those that still do.
Spec sane_among_spoilt(const Supernet& supernet) {
  const torch::NoGradGuard no_grad;
  deep_weight(supernet).fill_(NAN);
  Spec shallow = largest(supernet->space());
  shallow.stages.back().units.front().blocks.resize(1);
  return shallow;
}

}  // namespace

TEST_CASE("true early exit decides as the exit table says, whatever the batch", "[eval]") {
  const Measured measured;
  const Subnet subnet = measured.subnet();
  const ExitTable table = measure(subnet, measured.data, Split::kTest);
  const auto confidence =
      GENERATE(Confidence::kMaxSoftmax, Confidence::kMargin, Confidence::kEntropy);
  const int batch = GENERATE(1, 7, 64);
  const auto middle = [&](std::size_t stage) {
    auto values = table.exits[stage].confidence[static_cast<std::size_t>(confidence)];
    std::sort(values.begin(), values.end());
    return 0.5 * (values[values.size() / 2] + values[values.size() / 2 - 1]);
  };
  const Policy policy{confidence, {middle(0), middle(1)}, {}};
  const EarlyExitRun run = run_early_exit(subnet, policy, measured.data, Split::kTest, batch);
  const ExitMacs macs = exit_macs(measured.plan);
  const Outcome really = outcome_of(run, policy, table.labels, macs);
  const Outcome replayed = apply(policy, table, macs);
  CHECK(really.exit_share == replayed.exit_share);
  CHECK(really.accuracy == Approx(replayed.accuracy));
  CHECK(really.average_macs == Approx(replayed.average_macs));
  CHECK(really.exit_share[0] > 0.3);
  CHECK(really.exit_share[0] < 0.7);
}

TEST_CASE("ranks calibrate and measure together what one does alone", "[eval]") {
  const Measured measured;  // two calibration batches and one of val: some ranks have none
  const Subnet alone = measured.subnet();
  OneRank one;
  const auto accuracies = exit_accuracies(alone, measured.data, Split::kVal, one);
  const int size = GENERATE(2, 3);
  std::vector<Subnet> subnets(static_cast<std::size_t>(size), alone);
  std::vector<std::vector<double>> together(subnets.size());
  CHECK(run_as_threads(local_places(size), [&](Ranks& ranks) {
          const auto r = static_cast<std::size_t>(ranks.rank());
          subnets[r] = extract_calibrated(measured.supernet, measured.plan, measured.data, ranks);
          together[r] = exit_accuracies(subnets[r], measured.data, Split::kVal, ranks);
        }) == nothing_thrown(size));
  for (std::size_t r = 0; r < subnets.size(); ++r) {
    CHECK(together[r] == accuracies);
    for (const auto& [name, weight] : alone.weights()) {
      CHECK_THAT(subnets[r].weights().at(name), AllClose(weight));
    }
  }
}

TEST_CASE("what is not finite on one rank's images is told on every rank", "[eval]") {
  const Measured measured;  // one batch of val: the second rank has none
  const torch::NoGradGuard no_grad;
  for (const auto& weight : measured.supernet->named_parameters(/*recurse=*/false)) {
    if (weight.key().find("classifier") != std::string::npos) weight.value().fill_(NAN);
  }
  const Subnet subnet = measured.subnet();
  CHECK(run_as_threads(
            local_places(2),
            [&](Ranks& ranks) { exit_accuracies(subnet, measured.data, Split::kVal, ranks); }) ==
        std::vector<std::string>{"exit 1 gave a logit that is not finite",
                                 "another rank's images gave a logit that is not finite"});
}

TEST_CASE("exit accuracies are those of the exit table", "[eval]") {
  const Measured measured;
  const Subnet subnet = measured.subnet();
  OneRank one;
  const auto accuracies = exit_accuracies(subnet, measured.data, Split::kTest, one);
  const ExitTable table = measure(subnet, measured.data, Split::kTest);
  for (int s = 0; s < table.stages(); ++s) {
    double correct = 0;
    for (std::int64_t i = 0; i < table.images(); ++i) correct += table.correct(s, i) ? 1 : 0;
    CHECK(accuracies[static_cast<std::size_t>(s)] == correct / static_cast<double>(table.images()));
  }
}

TEST_CASE("a fixed exit runs its head alone and costs that", "[eval]") {
  const Measured measured;
  const Subnet subnet = measured.subnet();
  const int exit = GENERATE(0, 1, 2);
  Policy policy;
  policy.exit = exit;
  const EarlyExitRun run = run_early_exit(subnet, policy, measured.data, Split::kVal, 16);
  const ExitMacs macs = exit_macs(measured.plan);
  CHECK(average_macs(run, policy, macs) ==
        static_cast<double>(macs.alone[static_cast<std::size_t>(exit)]));
  const ExitTable table = measure(subnet, measured.data, Split::kVal);
  CHECK(run.predicted == table.exits[static_cast<std::size_t>(exit)].predicted);
}

TEST_CASE("an exit table does not depend on how the network was reached", "[eval]") {
  const Measured measured;
  StopFlag stop;
  NetworkEvaluator evaluator(measured.supernet, measured.data, stop);
  std::vector<Evaluation> evaluations(3);
  const Space& space = measured.supernet->space();
  Spec relative = largest(space);  // that shares two stages with it
  relative.stages.back() = smallest(space).stages.back();
  evaluator.evaluate({smallest(space), largest(space), relative},
                     [&](std::size_t i, Evaluated evaluated) {
                       evaluations[i] = std::get<Evaluation>(std::move(evaluated));
                     });
  const ExitTable alone = measure(measured.subnet(), measured.data, Split::kVal);
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(evaluations[1].table.exits[s].predicted == alone.exits[s].predicted);
    CHECK(evaluations[1].table.exits[s].confidence == alone.exits[s].confidence);
  }
  CHECK(evaluations[0].macs.full() < evaluations[1].macs.full());
  const Plan plan = lower(space, relative);
  const Subnet subnet = extract_calibrated(measured.supernet, plan, measured.data);
  CHECK(evaluations[2].table == measure(subnet, measured.data, Split::kVal));
  CHECK(evaluations[2].macs.full() == exit_macs(plan).full());
}

TEST_CASE("of networks that share stages those fail whose own stage gives no number", "[eval]") {
  const Measured measured;
  const Spec shallow = sane_among_spoilt(measured.supernet);
  StopFlag stop;
  NetworkEvaluator evaluator(measured.supernet, measured.data, stop);
  std::vector<Evaluated> evaluated(2);
  evaluator.evaluate({largest(measured.supernet->space()), shallow},
                     [&](std::size_t i, Evaluated one) { evaluated[i] = std::move(one); });
  REQUIRE(std::holds_alternative<Failure>(evaluated[0]));
  CHECK(std::get<Failure>(evaluated[0]).reason == "exit 3 gave a logit that is not finite");
  CHECK(std::holds_alternative<Evaluation>(evaluated[1]));
}

TEST_CASE("a stop does not wait for all of those among which one has failed", "[eval]") {
  const Measured measured;
  const Spec shallow = sane_among_spoilt(measured.supernet);
  StopFlag stop;
  NetworkEvaluator evaluator(measured.supernet, measured.data, stop);
  std::vector<std::size_t> done;
  CHECK_FALSE(evaluator.evaluate({shallow, largest(measured.supernet->space())},
                                 [&](std::size_t i, const Evaluated&) {
                                   done.push_back(i);
                                   stop.raise();
                                 }));
  CHECK(done == std::vector<std::size_t>{0});
}

TEST_CASE("a stop waits for a few networks, however many share their stages", "[eval]") {
  const Measured measured;
  const Space& space = measured.supernet->space();
  std::vector<Spec> specs;  // that differ in their last stage only
  for (std::uint64_t i = 0; specs.size() < 11; ++i) {
    Rng rng(1, {i});
    Spec spec = largest(space);
    spec.stages.back() = uniform(space, rng).stages.back();
    if (std::find(specs.begin(), specs.end(), spec) == specs.end()) specs.push_back(spec);
  }
  StopFlag stop;
  NetworkEvaluator evaluator(measured.supernet, measured.data, stop);
  int done = 0;
  CHECK_FALSE(evaluator.evaluate(specs, [&](std::size_t, const Evaluated&) {
    ++done;
    stop.raise();
  }));
  CHECK(done == 10);
}

TEST_CASE("the record of a network that cannot be measured says why, until it can", "[eval]") {
  const Measured measured;
  const SupernetFile file{measured.supernet, measured.data.description(), "space", "weights"};
  Record record;
  record.spec = largest(measured.supernet->space());
  const Record whole = evaluate_record(file, measured.data, Split::kVal, record);
  CHECK(whole.val);
  CHECK_FALSE(whole.failure);
  const torch::NoGradGuard no_grad;
  const torch::Tensor weight = deep_weight(measured.supernet);
  const torch::Tensor before = weight.clone();
  weight.fill_(NAN);
  const Record broken = evaluate_record(file, measured.data, Split::kVal, whole);
  CHECK(broken.failure == "exit 3 gave a logit that is not finite");
  CHECK_FALSE(broken.val);
  weight.copy_(before);
  CHECK(to_line(evaluate_record(file, measured.data, Split::kVal, broken)) == to_line(whole));
  const SubnetFile net{measured.subnet(), measured.supernet->space(), broken,
                       measured.data.description(), ""};
  CHECK_FALSE(evaluate_model(net, measured.data, {}).json.contains("failure"));
}

TEST_CASE("figures without a hash of what they were measured on are not taken over", "[eval]") {
  const Measured measured;
  const SupernetFile file{measured.supernet, measured.data.description(), "space", "weights"};
  Record record;
  record.spec = largest(measured.supernet->space());
  record = evaluate_record(file, measured.data, Split::kVal, record);
  CHECK(evaluate_record(file, measured.data, Split::kTest, record).val);
  record.hashes.clear();
  CHECK_FALSE(evaluate_record(file, measured.data, Split::kTest, record).val);
}

TEST_CASE("a stopped evaluator says so and has done what it reported", "[eval]") {
  const Measured measured;
  StopFlag stop;
  NetworkEvaluator evaluator(measured.supernet, measured.data, stop);
  const Space& space = measured.supernet->space();
  int done = 0;
  CHECK(!evaluator.evaluate({smallest(space), largest(space)}, [&](std::size_t, const Evaluated&) {
    ++done;
    stop.raise();
  }));
  CHECK(done == 1);
}

TEST_CASE("a logit that is not finite is an error, not an answer", "[eval]") {
  const Measured measured;
  const Subnet subnet = measured.subnet();
  NamedTensors weights = subnet.weights();
  weights["stage2_classifier_bias"] = torch::full({3}, std::nan(""));
  const Subnet broken(measured.plan, weights, "broken");
  CHECK_THROWS_WITH(measure(broken, measured.data, Split::kVal),
                    Contains("exit 2 gave a logit that is not finite"));
}

TEST_CASE("nothing is fitted to a val split of one class", "[eval]") {
  ImageSet train = banded_images(40, 1);
  CHECK_NOTHROW(require_fittable(Dataset::from({train, {}, {}}, "banded", 1)));
  // Too few of the others for the tenth that is held out to have any.
  for (std::size_t i = 0; i < train.size(); ++i) train.labels[i] = i == 0 ? 1 : 2;
  const Dataset data = Dataset::from({train, {}, {}}, "banded", 1);
  const std::string rule =
      "banded: val holds images of one class only ('2'): nothing can be fitted";
  CHECK_THROWS_WITH(require_fittable(data), StartsWith(rule));
  const Measured measured;
  const SupernetFile file{measured.supernet, data.description(), "space", "weights"};
  Record record;
  record.spec = largest(measured.supernet->space());
  CHECK_THROWS_WITH(depth_curve(file, data, Split::kVal, record), StartsWith(rule));
  SubnetFile subnet{measured.subnet(), measured.supernet->space(), record, data.description(), ""};
  CHECK_THROWS_WITH(fit_policy(subnet, data, Confidence::kMargin, 1e9), StartsWith(rule));
  ModelEvaluation curve;
  curve.curve = true;
  CHECK_THROWS_WITH(evaluate_model(subnet, data, curve), StartsWith(rule));
}

TEST_CASE("a class without images has no accuracy", "[eval]") {
  ImageSet test = banded_images(40, 2);
  for (std::int32_t& label : test.labels) label = 1;
  const Dataset data = Dataset::from({banded_images(240, 1), {}, test}, "banded", 1);
  const Measured measured;
  Record record;
  record.spec = largest(measured.supernet->space());
  const SubnetFile net{measured.subnet(), measured.supernet->space(), record, data.description(),
                       ""};
  ModelEvaluation options;
  options.split = Split::kTest;
  options.report = true;
  const Json classes = evaluate_model(net, data, options).json["report"]["classes"];
  REQUIRE(classes.size() == 3);
  CHECK(classes[0] == Json{{"class", 0}, {"images", 0}});
  CHECK(classes[1]["images"] == 40);
  CHECK(classes[1].contains("accuracy"));
}

TEST_CASE("as many images are timed as there are whole batches, or one that is smaller", "[eval]") {
  const Measured measured;  // 40 images of test
  const auto [asked, batch] = GENERATE(table<int, int>({{64, 40}, {40, 40}, {25, 25}, {1, 1}}));
  TimingOptions options;
  options.batch = asked;
  options.rounds = 1;
  CHECK(time_policy(measured.subnet(), Policy{{}, {}, 0}, measured.data, Split::kTest, options)
            .batch == batch);
}

TEST_CASE("timing compares the policy with the full network on the same images", "[eval]") {
  const Measured measured;
  const Subnet subnet = measured.subnet();
  Policy policy;
  policy.exit = 0;
  TimingOptions options;
  options.batch = 10;
  options.rounds = 2;
  const Timing timing = time_policy(subnet, policy, measured.data, Split::kTest, options);
  const ExitMacs macs = exit_macs(measured.plan);
  CHECK(timing.exit_seconds.size() == 3);
  CHECK(timing.full_seconds == timing.exit_seconds.back());
  CHECK(timing.macs_ratio ==
        Approx(static_cast<double>(macs.alone[0]) / static_cast<double>(macs.alone[2])));
}

}  // namespace enas4d
