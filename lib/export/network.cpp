#include "export/network.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "data/augmentation.h"
#include "eval/evaluate.h"
#include "export/chain.h"
#include "export/examples.h"
#include "export/onnx_model.h"
#include "export/torchscript.h"
#include "util/files.h"
#include "util/hash.h"

namespace enas4d {

namespace {

/// What an earlier export wrote to `directory`, by its manifest.
std::vector<std::string> earlier_files(const std::string& directory) {
  std::vector<std::string> names;
  try {
    const auto document = JsonValue::read_file(directory + "/manifest.json");
    JsonObject manifest = open_document(document, "manifest");
    for (const auto& [name, hash] : manifest.required("sha256").object().entries()) {
      if (name.find('/') == std::string::npos) names.push_back(name);  // none lies elsewhere
    }
  } catch (const Error&) {
    return {};  // there is none, or it is not ours
  }
  return names;
}

/// Files that appear in a directory all at once, when all of them are good. They take the place of
/// an earlier export's.
class StagedFiles {
 public:
  explicit StagedFiles(std::string directory)
      : directory_(std::move(directory)),
        is_new_(!file_exists(directory_)),
        staging_(directory_ + "/.unfinished") {
    make_directories(directory_);
    // Of two exports at a time neither would be whole. What a killed one left is written over, and
    // removed in the end.
    lock_.emplace(lock_path());
    make_directories(staging_);
  }
  ~StagedFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(staging_, ignored);
    std::filesystem::remove(lock_path(), ignored);
    if (is_new_) std::filesystem::remove(directory_, ignored);  // only if it is empty
  }
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;

  std::string path(const std::string& name) const { return staging_ + "/" + name; }

  /// The path to write a file at.
  std::string add(const std::string& name) {
    names_.push_back(name);
    return path(name);
  }

  const std::vector<std::string>& names() const { return names_; }

  /// Moves the files to the directory, in the order in which they were added, the manifest last: a
  /// folder that has one is whole, and what dies in between leaves none.
  void publish() const {
    const std::vector<std::string> earlier = earlier_files(directory_);
    for (const std::string& name : names_) {  // what cannot be replaced, before anything is
      const std::string target = directory_ + "/" + name;
      if (is_special_file(target)) throw failed(target + ": cannot be written: is no file");
    }
    std::error_code error;
    std::filesystem::remove(directory_ + "/manifest.json", error);
    require(error, "manifest.json");
    std::error_code ignored;
    for (const std::string& name : earlier) {
      const bool is_replaced = std::find(names_.begin(), names_.end(), name) != names_.end();
      if (!is_replaced) std::filesystem::remove(directory_ + "/" + name, ignored);
    }
    for (const std::string& name : names_) {
      std::filesystem::rename(path(name), directory_ + "/" + name, error);
      require(error, name);
    }
    if (!sync_folder_of(directory_ + "/manifest.json")) {
      throw failed(directory_ + ": cannot be written");
    }
  }

 private:
  /// Throws if what was done to that file went wrong.
  void require(const std::error_code& error, const std::string& name) const {
    if (!error) return;
    throw failed(fmt::format("{}/{}: cannot be written: {}", directory_, name, error.message()));
  }

  /// Not among the files: who waits for it would find its folder gone.
  std::string lock_path() const { return staging_ + ".lock"; }

  const std::string directory_;
  const bool is_new_;
  const std::string staging_;
  std::optional<FileLock> lock_;
  std::vector<std::string> names_;
};

/// What a program must know to run the files, all but their hashes.
Json manifest_of(const Space& space, const Plan& plan, const Record& record,
                 const DataDescription& data, const std::vector<ExportFormat>& formats) {
  const auto has = [&](ExportFormat format) {
    return std::find(formats.begin(), formats.end(), format) != formats.end();
  };
  Json files;
  if (has(ExportFormat::kNative)) files["native"] = "subnet.safetensors";
  if (has(ExportFormat::kOnnx)) {
    files["onnx"] = "all_exits.onnx";
    const std::size_t links = chain_of(plan, *record.policy).size();
    for (std::size_t i = 0; i < links; ++i) {
      files["chain"].push_back(fmt::format("stage{}.onnx", i + 1));
    }
  }
  if (has(ExportFormat::kTorchScript)) files["torchscript"] = "network.pt";
  Json manifest = new_document("manifest");
  manifest["files"] = std::move(files);
  manifest["input"] = {{"name", "image"},
                       {"channels", space.channels},
                       {"resolution", record.spec.resolution},
                       {"mean", data.mean},
                       {"deviation", data.deviation}};
  // Images with sizes of their own.
  if (data.resolution > 0) manifest["input"]["crop"] = kCentreCropShare;
  manifest["classes"] = space.classes;
  manifest["class_names"] = data.class_names;
  const ExitMacs macs = exit_macs(plan);
  if (record.policy->exit) {
    manifest["macs"] = {macs.alone[static_cast<std::size_t>(*record.policy->exit)]};
  } else {
    manifest["macs"] = macs.cumulative;
  }
  manifest["record"] = Json::parse(to_line(record));
  return manifest;
}

/// Writes one format into `files` and, if asked, runs what was written.
class FormatWriter {
 public:
  FormatWriter(const Subnet& subnet, const Space& space, const Record& record, const Dataset& data,
               std::int64_t verified_images, StagedFiles& files)
      : subnet_(subnet),
        space_(space),
        record_(record),
        data_(data),
        verified_images_(verified_images),
        files_(files) {}

  void write(ExportFormat format, const Json& manifest) {
    switch (format) {
      case ExportFormat::kNative:
        return write_native();
      case ExportFormat::kOnnx:
        return write_onnx(manifest);
      case ExportFormat::kTorchScript:
        return write_script(manifest);
    }
  }

  std::vector<VerifiedFiles> take_verified() { return std::move(verified_); }

 private:
  void write_native() {
    const std::string path = files_.add("subnet.safetensors");
    save_subnet(path, subnet_, space_, record_, data_.description());
    check("subnet.safetensors", [&] { return read_native(path); });
  }

  void write_onnx(const Json& manifest) {
    const auto write = [&](const std::string& graph, const Link& link) {
      const std::string path = files_.add(graph + ".onnx");
      write_file(path, onnx_model(subnet_.plan(), subnet_.weights(), link, graph, manifest.dump()));
      return path;
    };
    const std::string whole = write("all_exits", all_exits_of(subnet_.plan(), policy()));
    check("all_exits.onnx", [&] { return read_all_exits(whole, policy()); });
    std::vector<std::string> chain;
    for (const Link& link : chain_of(subnet_.plan(), policy())) {
      chain.push_back(write(fmt::format("stage{}", chain.size() + 1), link));
    }
    check(chain.size() == 1 ? "stage1.onnx"
                            : fmt::format("stage1.onnx to stage{}.onnx", chain.size()),
          [&] { return read_chain(chain, policy()); });
  }

  void write_script(const Json& manifest) {
    const std::string path = files_.add("network.pt");
    write_torchscript(path, subnet_.plan(), subnet_.weights(), policy(), manifest.dump());
    check("network.pt", [&] { return read_torchscript(path); });
  }

  template <class Read>
  void check(const std::string& name, Read&& read) {
    if (verified_images_ == 0) return;
    verified_.push_back({name, verify(name, *read(), subnet_, policy(), data_, verified_images_)});
  }

  const Policy& policy() const { return *record_.policy; }

  const Subnet& subnet_;
  const Space& space_;
  const Record& record_;
  const Dataset& data_;
  const std::int64_t verified_images_;
  StagedFiles& files_;
  std::vector<VerifiedFiles> verified_;
};

}  // namespace

const std::vector<std::string>& export_format_words() {
  static const std::vector<std::string> words = {"native", "onnx", "torchscript"};
  return words;
}

std::vector<VerifiedFiles> export_network(const SupernetFile& supernet, Record record,
                                          const Dataset& data, const ExportOptions& options,
                                          const std::string& directory) {
  const Space& space = supernet.supernet->space();
  const Plan plan = lower(space, record.spec);
  record = completed(std::move(record), supernet, plan, data);
  record.failure.reset();  // of an earlier measurement
  const Subnet subnet = extract_calibrated(supernet.supernet, plan, data);
  Json manifest = manifest_of(space, plan, record, data.description(), options.formats);
  StagedFiles files(directory);
  FormatWriter writer(subnet, space, record, data, options.verified_images, files);
  for (const ExportFormat format : options.formats) writer.write(format, manifest);
  if (options.examples > 0) {
    write_examples(files.add("examples.safetensors"), subnet, *record.policy, data,
                   options.examples);
    manifest["files"]["examples"] = "examples.safetensors";
  }
  for (const std::string& name : files.names()) {
    manifest["sha256"][name] = sha256(read_file(files.path(name)));
  }
  write_file(files.add("manifest.json"), manifest.dump(2) + "\n");
  files.publish();
  return writer.take_verified();
}

}  // namespace enas4d
