#include "export/network.h"

#include <cmath>
#include <filesystem>
#include <set>

#include "checkpoint/tensors.h"
#include "eval/measure.h"
#include "export/examples.h"
#include "export/verify.h"
#include "formats/safetensors.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "train/tiny_run.h"
#include "util/files.h"
#include "util/hash.h"

namespace enas4d {

namespace {

/// What an export starts from: an untrained supernet of two stages, and its data.
struct Origin {
  Origin() : data(tiny_data()) {
    supernet.supernet = Supernet(pencil_space(2), 1);
    randomise(supernet.supernet, 2);
    supernet.data = data.description();
    supernet.space_hash = space_hash(space());
    supernet.hash = "0123";
  }

  const Space& space() const { return supernet.supernet->space(); }
  Record record(const Spec& spec) const { return describe(space(), supernet.space_hash, spec); }
  /// The same, with early exit.
  Record dynamic_record(const Spec& spec) const {
    Record result = record(spec);
    result.policy = Policy{Confidence::kMaxSoftmax, {0.5}, {}};
    return result;
  }
  std::vector<VerifiedFiles> write(const Record& record, const ExportOptions& options) const {
    return export_network(supernet, record, data, options, folder / "net");
  }

  TemporaryFolder folder;
  Dataset data;
  SupernetFile supernet;
};

using Names = std::set<std::string>;

Names names_in(const std::string& directory) {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

}  // namespace

TEST_CASE("the exported network answers as the one that was measured", "[export]") {
  const Origin origin;
  const Record record = origin.dynamic_record(largest(origin.space()));
  origin.write(record, {});

  const SubnetFile net = load_subnet(origin.folder / "net/subnet.safetensors");
  const Subnet measured =
      extract_calibrated(origin.supernet.supernet, lower(origin.space(), record.spec), origin.data);
  const ExitTable expected = measure(measured, origin.data, Split::kVal);
  const ExitTable actual = measure(net.subnet, origin.data, Split::kVal);
  for (std::size_t s = 0; s < 2; ++s) {
    CHECK(actual.exits[s].predicted == expected.exits[s].predicted);
    CHECK(actual.exits[s].confidence == expected.exits[s].confidence);
  }
  CHECK(net.record.policy == record.policy);
  CHECK(net.record.hashes.at("checkpoint") == "0123");
  CHECK(net.data.mean == origin.data.description().mean);
}

TEST_CASE("what was exported is verified with the policy that its file holds", "[export]") {
  const Origin origin;
  Record record = origin.dynamic_record(smallest(origin.space()));
  const double threshold = GENERATE(0.0, 2.0);  // all leave at the first exit, none does
  record.policy->thresholds = {threshold};
  origin.write(record, {});
  const auto network = read_native(origin.folder / "net/subnet.safetensors");
  const auto& indices = origin.data.indices(Split::kVal);
  const EarlyExitRun run = network->run(origin.data.batch(Split::kVal, indices.data(), 4, 8));
  CHECK(run.exit == std::vector<std::int32_t>(4, threshold < 1 ? 0 : 1));
}

TEST_CASE("a record without policy is exported with its last exit", "[export]") {
  const Origin origin;
  origin.write(origin.record(smallest(origin.space())), {});
  const SubnetFile net = load_subnet(origin.folder / "net/subnet.safetensors");
  CHECK(net.record.policy->exit == 1);
}

TEST_CASE("what was measured with other weights or images is not exported as these networks' own",
          "[export]") {
  const Origin origin;
  Record record = origin.dynamic_record(smallest(origin.space()));
  record.val = record.test = Outcome{24, 0.5, {0.5, 0.5}, {1, 0}, 100};
  record.hashes = {{"checkpoint", "0123"},
                   {"data", origin.data.description().hash},
                   {"calibration", origin.data.calibration_hash()}};
  const std::string other = GENERATE("", "checkpoint", "data", "calibration");
  CAPTURE(other);
  if (!other.empty()) record.hashes[other] = "4567";
  origin.write(record, {});
  const Record exported = load_subnet(origin.folder / "net/subnet.safetensors").record;
  CHECK(exported.val.has_value() == other.empty());
  CHECK(exported.test.has_value() == other.empty());
  CHECK(exported.hashes.at("checkpoint") == "0123");
}

TEST_CASE("that a network could once not be measured is not told of its export", "[export]") {
  const Origin origin;
  Record record = origin.dynamic_record(smallest(origin.space()));
  record.hashes = {{"checkpoint", "0123"},
                   {"data", origin.data.description().hash},
                   {"calibration", origin.data.calibration_hash()}};
  record.failure = "exit 2 gave a logit that is not finite";
  origin.write(record, {});
  CHECK_FALSE(load_subnet(origin.folder / "net/subnet.safetensors").record.failure);
}

TEST_CASE("the manifest tells files, input, preprocessing, classes and the record", "[export]") {
  const Origin origin;
  const Record record = origin.dynamic_record(smallest(origin.space()));
  const ExportOptions options{
      {ExportFormat::kNative, ExportFormat::kOnnx, ExportFormat::kTorchScript}, 30};
  const auto verified = origin.write(record, options);
  JsonObject manifest =
      open_document(JsonValue::read_file(origin.folder / "net/manifest.json"), "manifest");
  JsonObject files = manifest.required("files").object();
  CHECK(files.required("native").text() == "subnet.safetensors");
  CHECK(files.required("onnx").text() == "all_exits.onnx");
  CHECK(files.required("torchscript").text() == "network.pt");
  CHECK(files.required("chain").items().at(1).text() == "stage2.onnx");
  for (const auto& [name, hash] : manifest.required("sha256").object().entries()) {
    CHECK(hash.text() == sha256(read_file(origin.folder / ("net/" + name))));
  }
  CHECK(manifest.required("input").object().required("resolution").small_whole(1, 100) == 8);
  CHECK(manifest.required("classes").small_whole(1, 10) == 3);
  CHECK(read_record(manifest.required("record")).spec == smallest(origin.space()));

  REQUIRE(verified.size() == 4);  // two of ONNX, on all of val
  for (const VerifiedFiles& file : verified) {
    CAPTURE(file.name);
    CHECK(file.agreement.images == 24);
    CHECK(file.agreement.same_decisions + file.agreement.close_decisions == 24);
  }
}

TEST_CASE("examples are the first images of val with the network's answers", "[export]") {
  const TemporaryFolder folder;
  const Dataset data =
      Dataset::from({banded_images(24, 1), banded_images(260, 2), {}}, "banded", 1);
  const Supernet supernet(pencil_space(2), 1);
  const Plan plan = lower(supernet->space(), largest(supernet->space()));
  const Subnet subnet = extract_calibrated(supernet, plan, data);
  constexpr std::int64_t kExamples = 255;  // more than one batch
  const Policy policy{Confidence::kMaxSoftmax, {0.5}, {}};
  write_examples(folder / "examples.safetensors", subnet, policy, data, kExamples);

  const SafetensorsFile file(folder / "examples.safetensors");
  const auto images =
      data.batch(Split::kVal, data.indices(Split::kVal).data(), kExamples, plan.resolution);
  CHECK(copy_tensor(file, "image").equal(images));
  CHECK_THAT(copy_tensor(file, "logits2"), AllClose(subnet.forward(images).logits[1], 1e-5));
  for (const char* name : {"exit", "class", "label"}) {
    CHECK(file.find(name)->shape == std::vector<std::int64_t>{kExamples});
  }
}

TEST_CASE("an export that fails leaves the directory as it was", "[export]") {
  const Origin origin;
  make_directories(origin.folder / "net/network.pt/in-the-way");
  const ExportOptions options{{ExportFormat::kNative, ExportFormat::kTorchScript}, 0};
  CHECK_THROWS_WITH(origin.write(origin.record(smallest(origin.space())), options),
                    Contains("network.pt: cannot be written: "));
  CHECK_FALSE(file_exists(origin.folder / "net/manifest.json"));
  CHECK(names_in(origin.folder / "net") == Names{"network.pt"});
}

TEST_CASE("an export that fails leaves no new directory", "[export]") {
  const Origin origin;
  const torch::NoGradGuard no_grad;
  for (auto& parameter : origin.supernet.supernet->parameters()) parameter.fill_(std::nan(""));
  const ExportOptions options{{ExportFormat::kNative}, 8};
  CHECK_THROWS_WITH(origin.write(origin.record(smallest(origin.space())), options),
                    Contains("not finite"));
  CHECK_FALSE(file_exists(origin.folder / "net"));
}

TEST_CASE("an export takes the place of an earlier one and of what a killed one left", "[export]") {
  const Origin origin;
  const Record record = origin.dynamic_record(smallest(origin.space()));
  origin.write(record, {{ExportFormat::kOnnx, ExportFormat::kTorchScript}, 0});
  write_file(origin.folder / "net/notes.txt", "mine");
  make_directories(origin.folder / "net/.unfinished");
  write_file(origin.folder / "net/.unfinished/stage3.onnx", "half");

  Record fixed = record;
  fixed.policy = Policy{};
  fixed.policy->exit = 0;
  origin.write(fixed, {{ExportFormat::kOnnx}, 0});
  CHECK(names_in(origin.folder / "net") ==
        Names{"all_exits.onnx", "manifest.json", "notes.txt", "stage1.onnx"});
}

TEST_CASE("two exports do not write to one directory at a time", "[export]") {
  const Origin origin;
  make_directories(origin.folder / "net");
  const FileLock other(origin.folder / "net/.unfinished.lock");
  CHECK_THROWS_WITH(origin.write(origin.record(smallest(origin.space())), {}),
                    Contains("net/.unfinished.lock: held by process "));
  CHECK(file_exists(origin.folder / "net/.unfinished.lock"));
}

}  // namespace enas4d
