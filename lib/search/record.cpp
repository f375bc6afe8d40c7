#include "search/record.h"

#include <algorithm>
#include <istream>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "util/error.h"
#include "util/files.h"
#include "util/json_text.h"

namespace enas4d {
namespace {

constexpr std::int64_t kMostMacs = std::numeric_limits<std::int64_t>::max();

std::vector<std::int64_t> read_cumulative_macs(const JsonValue& value, std::size_t stages) {
  std::vector<std::int64_t> macs;
  for (const JsonValue& item : value.items()) {
    macs.push_back(item.whole(macs.empty() ? 1 : macs.back(), kMostMacs));
  }
  if (macs.size() != stages) {
    throw value.error(fmt::format("must have {} entries, one for each exit", stages));
  }
  return macs;
}

Outcome read_outcome_of(const JsonValue& value, std::size_t stages) {
  Outcome outcome = read_outcome(value);
  if (outcome.exit_accuracy.size() != stages) {
    throw value.object()
        .required("exit_accuracy")
        .error(fmt::format("must have {} entries, one for each exit", stages));
  }
  return outcome;
}

bool is_spec_document(const JsonValue& document) {
  if (!document.is_object()) return false;
  const auto format = document.raw().find("format");
  return format != document.raw().end() && *format == "enas4d/spec";
}

/// Calls `visit` with each document of `text`; its source tells the line where there is one a line.
template <class Visit>
void for_each_document(const std::string& text, const std::string& source, const Visit& visit) {
  const std::string_view all = text;
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = all.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return;
  const std::string_view first_line = all.substr(first, all.find('\n', first) - first);
  if (!Json::accept(first_line)) {
    visit(JsonValue::parse(all, source));
    return;
  }
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view line = all.substr(begin, end - begin);
    ++number;
    begin = end + 1;
    if (line.find_first_not_of(kBlank) == std::string_view::npos) continue;
    visit(JsonValue::parse(line, fmt::format("{}:{}", source, number)));
  }
}

std::string start_of(const std::string& hash) {
  return escaped(hash).substr(0, 12) + "…";
}

void append_whole(std::string& out, std::int64_t value) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

}  // namespace

Record read_record(const JsonValue& document) {
  Record record;
  if (is_spec_document(document)) {
    record.spec = read_spec(document);
    return record;
  }
  JsonObject object = open_document(document, "record");
  if (const auto space = object.optional("space")) record.space = space->text();
  JsonObject spec = object.required("spec").object();
  record.spec = read_spec_object(spec);
  const std::size_t stages = record.spec.stages.size();
  if (const auto macs = object.optional("macs")) record.macs = read_cumulative_macs(*macs, stages);
  if (const auto params = object.optional("params")) record.params = params->whole(1, kMostMacs);
  if (const auto policy = object.optional("policy")) {
    record.policy = read_policy_object(*policy, static_cast<int>(stages));
  }
  if (const auto val = object.optional("val")) record.val = read_outcome_of(*val, stages);
  if (const auto test = object.optional("test")) record.test = read_outcome_of(*test, stages);
  if (const auto failure = object.optional("failure")) record.failure = failure->text();
  if (const auto hashes = object.optional("hashes")) {
    for (const auto& [name, hash] : hashes->object().entries()) record.hashes[name] = hash.text();
  }
  object.finish();
  return record;
}

/// Put together by hand up to the parameters, which is all that the sampler prints: it makes a
/// hundred thousand of these lines a second.
std::string to_line(const Record& record) {
  std::string line = R"({"format":"enas4d/record","version":1)";
  if (!record.space.empty()) line.append(R"(,"space":)").append(Json(record.space).dump());
  line += R"(,"spec":)";
  append_json(line, record.spec);
  if (!record.macs.empty()) {
    char before = '[';
    line += R"(,"macs":)";
    for (const std::int64_t macs : record.macs) {
      line += before;
      append_whole(line, macs);
      before = ',';
    }
    line += ']';
  }
  if (record.params) {
    line += R"(,"params":)";
    append_whole(line, *record.params);
  }
  if (record.policy) line.append(R"(,"policy":)").append(policy_object(*record.policy).dump());
  if (record.val) line.append(R"(,"val":)").append(to_json(*record.val).dump());
  if (record.test) line.append(R"(,"test":)").append(to_json(*record.test).dump());
  if (record.failure) line.append(R"(,"failure":)").append(Json(*record.failure).dump());
  if (!record.hashes.empty()) line.append(R"(,"hashes":)").append(Json(record.hashes).dump());
  line += '}';
  return line;
}

std::vector<Record> read_records(const std::string& text, const std::string& source,
                                 const Space* space) {
  const std::string hash = space != nullptr ? space_hash(*space) : "";
  std::vector<Record> records;
  for_each_document(text, source, [&](const JsonValue& document) {
    Record record = read_record(document);
    if (space != nullptr) {
      if (!record.space.empty() && record.space != hash) {
        throw bad_input(document.source() + ": /space",
                        fmt::format("is of another space ({}, this one is {})",
                                    start_of(record.space), start_of(hash)));
      }
      check_fits(*space, record.spec, document.source(), is_spec_document(document) ? "" : "/spec");
    }
    records.push_back(std::move(record));
  });
  return records;
}

std::vector<Record> read_records_from(const std::string& path, std::istream& in,
                                      const Space* space) {
  const bool piped = path == "-";
  const std::string text =
      piped ? std::string(std::istreambuf_iterator<char>(in), {}) : read_file(path);
  return read_records(text, piped ? "standard input" : path, space);
}

const Record* best_within(const std::vector<Record>& records, double budget) {
  const auto worth = [](const Record& record) {
    return std::pair(record.val->accuracy, -record.val->average_macs);
  };
  const Record* best = nullptr;
  for (const Record& record : records) {
    if (!record.val || record.val->average_macs > budget) continue;
    if (best == nullptr || worth(record) > worth(*best)) best = &record;
  }
  return best;
}

const Record* cheapest_on_val(const std::vector<Record>& records) {
  const Record* cheapest = nullptr;
  for (const Record& record : records) {
    if (!record.val) continue;
    if (cheapest == nullptr || record.val->average_macs < cheapest->val->average_macs) {
      cheapest = &record;
    }
  }
  return cheapest;
}

Record describe(const Space& space, const std::string& hash, const Spec& spec) {
  const Plan plan = lower(space, spec);
  Record record;
  record.space = hash;
  record.spec = spec;
  record.macs = exit_macs(plan).cumulative;
  record.params = parameters(plan);
  return record;
}

}  // namespace enas4d
