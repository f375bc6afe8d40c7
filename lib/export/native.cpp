#include "export/native.h"

#include "eval/measure.h"
#include "util/files.h"

namespace enas4d {

namespace {

Json manifest_of(const Space& space, const Record& record, const DataDescription& data) {
  Json manifest = new_document("manifest");
  manifest["files"] = {{"native", "subnet.safetensors"}};
  manifest["input"] = {{"channels", space.channels},
                       {"resolution", record.spec.resolution},
                       {"mean", data.mean},
                       {"deviation", data.deviation}};
  manifest["classes"] = space.classes;
  manifest["class_names"] = data.class_names;
  manifest["record"] = Json::parse(to_line(record));
  return manifest;
}

}  // namespace

void export_native(const SupernetFile& supernet, Record record, const Dataset& data,
                   const std::string& directory) {
  const Space& space = supernet.supernet->space();
  const Plan plan = lower(space, record.spec);
  record.space = supernet.space_hash;
  record.macs = exit_macs(plan).cumulative;
  record.params = parameters(plan);
  record.hashes["checkpoint"] = supernet.hash;
  record.hashes["data"] = data.description().hash;
  record.hashes["calibration"] = data.calibration_hash();
  if (!record.policy) {
    record.policy = Policy{};
    record.policy->exit = space.stages - 1;
  }
  const Subnet subnet = extract_calibrated(supernet.supernet, plan, data);
  make_directories(directory);
  save_subnet(directory + "/subnet.safetensors", subnet, space, record, data.description());
  write_file(directory + "/manifest.json",
             manifest_of(space, record, data.description()).dump(2) + "\n");
}

}  // namespace enas4d
