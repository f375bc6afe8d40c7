// Options that several tools share: one name, one help text, one check for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/options.h"
#include "cli/shipped.h"

namespace enas4d {

enum class Device { kCpu, kCuda };

Option& add_space(OptionList& list, std::string& field);
Option& add_recipe(OptionList& list, std::string& field);
Option& add_checkpoint(OptionList& list, std::string& field);
Option& add_data(OptionList& list, std::string& field);
Option& add_specs(OptionList& list, std::string& field);
/// A result that is a stream; `what` it holds, in the plural: "records".
Option& add_output(OptionList& list, std::string& field, const std::string& what);
Option& add_seed(OptionList& list, std::uint64_t& field);
Option& add_threads(OptionList& list, int& field);
Option& add_workers(OptionList& list, int& field);
Option& add_device(OptionList& list, Device& field);
Option& add_max_time(OptionList& list, std::optional<double>& field);

/// --min-macs and --max-macs, of all stages with their heads, and --max-params.
struct SizeBounds {
  std::optional<std::int64_t> least_macs, most_macs, most_params;
};
void add_size_bounds(OptionList& list, SizeBounds& field);

const Shelf& space_shelf();
const Shelf& recipe_shelf();

}  // namespace enas4d
