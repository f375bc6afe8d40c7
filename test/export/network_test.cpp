#include "export/network.h"

#include <filesystem>

#include "eval/measure.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "train/tiny_run.h"
#include "util/files.h"
#include "util/hash.h"

namespace enas4d {

namespace {

SupernetFile untrained_supernet(const Dataset& data) {
  SupernetFile file;
  file.supernet = Supernet(pencil_space(2), 1);
  randomise(file.supernet, 2);
  file.data = data.description();
  file.space_hash = space_hash(file.supernet->space());
  file.hash = "0123";
  return file;
}

}  // namespace

TEST_CASE("the exported network answers as the one that was measured", "[export]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const SupernetFile supernet = untrained_supernet(data);
  const Space& space = supernet.supernet->space();
  Record record = describe(space, supernet.space_hash, largest(space));
  record.policy = Policy{Confidence::kMaxSoftmax, {0.5}, {}};
  export_network(supernet, record, data, {}, folder / "net");

  const SubnetFile net = load_subnet(folder / "net/subnet.safetensors");
  const Subnet measured = extract_calibrated(supernet.supernet, lower(space, record.spec), data);
  const ExitTable expected = measure(measured, data, Split::kVal);
  const ExitTable actual = measure(net.subnet, data, Split::kVal);
  for (std::size_t s = 0; s < 2; ++s) {
    CHECK(actual.exits[s].predicted == expected.exits[s].predicted);
    CHECK(actual.exits[s].confidence == expected.exits[s].confidence);
  }
  CHECK(net.record.policy == record.policy);
  CHECK(net.record.hashes.at("checkpoint") == "0123");
  CHECK(net.data.mean == data.description().mean);
}

TEST_CASE("a record without policy is exported with its last exit", "[export]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const SupernetFile supernet = untrained_supernet(data);
  const Space& space = supernet.supernet->space();
  export_network(supernet, describe(space, supernet.space_hash, smallest(space)), data, {},
                 folder / "net");
  const SubnetFile net = load_subnet(folder / "net/subnet.safetensors");
  CHECK(net.record.policy->exit == 1);
}

TEST_CASE("the manifest tells files, input, preprocessing, classes and the record", "[export]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const SupernetFile supernet = untrained_supernet(data);
  const Space& space = supernet.supernet->space();
  Record record = describe(space, supernet.space_hash, smallest(space));
  record.policy = Policy{Confidence::kMaxSoftmax, {0.5}, {}};
  const ExportOptions options{
      {ExportFormat::kNative, ExportFormat::kOnnx, ExportFormat::kTorchScript}, 30};
  const auto verified = export_network(supernet, record, data, options, folder / "net");
  JsonObject manifest =
      open_document(JsonValue::read_file(folder / "net/manifest.json"), "manifest");
  JsonObject files = manifest.required("files").object();
  CHECK(files.required("native").text() == "subnet.safetensors");
  CHECK(files.required("onnx").text() == "all_exits.onnx");
  CHECK(files.required("torchscript").text() == "network.pt");
  CHECK(files.required("chain").items().at(1).text() == "stage2.onnx");
  for (const auto& [name, hash] : manifest.required("sha256").object().entries()) {
    CHECK(hash.text() == sha256(read_file(folder / ("net/" + name))));
  }
  CHECK(manifest.required("input").object().required("resolution").small_whole(1, 100) == 8);
  CHECK(manifest.required("classes").small_whole(1, 10) == 3);
  CHECK(read_record(manifest.required("record")).spec == smallest(space));

  REQUIRE(verified.size() == 4);  // two of ONNX, on all of val
  for (const VerifiedFiles& file : verified) {
    CAPTURE(file.name);
    CHECK(file.agreement.images == 24);
    CHECK(file.agreement.same_decisions + file.agreement.close_decisions == 24);
  }
}

TEST_CASE("an export that fails leaves the directory as it was", "[export]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const SupernetFile supernet = untrained_supernet(data);
  const Space& space = supernet.supernet->space();
  make_directories(folder / "net/network.pt/in-the-way");
  const ExportOptions options{{ExportFormat::kTorchScript}, 0};
  CHECK_THROWS_WITH(export_network(supernet, describe(space, supernet.space_hash, smallest(space)),
                                   data, options, folder / "net"),
                    Contains("network.pt: cannot be written: "));
  CHECK_FALSE(file_exists(folder / "net/manifest.json"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "net"), {}) == 1);
}

}  // namespace enas4d
