#include "export/native.h"

#include "eval/measure.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "train/tiny_run.h"
#include "util/files.h"

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
  export_native(supernet, record, data, folder / "net");

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
  export_native(supernet, describe(space, supernet.space_hash, smallest(space)), data,
                folder / "net");
  const SubnetFile net = load_subnet(folder / "net/subnet.safetensors");
  CHECK(net.record.policy->exit == 1);
}

TEST_CASE("the manifest tells input, preprocessing, classes and the record", "[export]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const SupernetFile supernet = untrained_supernet(data);
  const Space& space = supernet.supernet->space();
  export_native(supernet, describe(space, supernet.space_hash, smallest(space)), data,
                folder / "net");
  JsonObject manifest =
      open_document(JsonValue::read_file(folder / "net/manifest.json"), "manifest");
  CHECK(manifest.required("files").object().required("native").text() == "subnet.safetensors");
  CHECK(manifest.required("input").object().required("resolution").small_whole(1, 100) == 8);
  CHECK(manifest.required("classes").small_whole(1, 10) == 3);
  CHECK(read_record(manifest.required("record")).spec == smallest(space));
}

}  // namespace enas4d
