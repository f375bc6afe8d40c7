// Documents that options name: a path, "-" for standard input, or the short name of one that is
// shipped.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "util/json.h"

namespace enas4d {

/// A JSON file, or `in` for "-". Throws Error (bad input).
JsonValue read_document(const std::string& path, std::istream& in);

/// A folder of shipped documents, and the option that chooses one.
struct Shelf {
  std::string folder;  ///< below schemas/: "spaces"
  std::string option;  ///< "--space"
};

/// The names of all documents of a shelf, in alphabetical order.
std::vector<std::string> shipped_names(const Shelf& shelf);

/// The path behind `word`: itself if it has a slash or ends in .json, else the shipped document of
/// that name. Throws Error (usage) for a name that is not shipped, with the nearest and all there
/// are.
std::string resolve_shipped(const Shelf& shelf, const std::string& word);

/// read_document() of the path behind `word`.
JsonValue read_shipped(const Shelf& shelf, const std::string& word, std::istream& in);

}  // namespace enas4d
