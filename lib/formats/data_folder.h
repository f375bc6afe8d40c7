// What the readers of data sets share: finding the folder, checking what labels may be.
#pragma once

#include <string>

#include "formats/image_set.h"

namespace enas4d {

/// `directory`, or `usual_subfolder` in it if that exists. Throws Error (bad input) if neither
/// does.
std::string data_folder(const std::string& directory, const std::string& usual_subfolder);

/// Every label must be in [0, classes). Throws Error (bad input) that names file and image.
void require_labels(const ImageSet& images, const std::string& path);

/// Names of classes go into JSON documents and into lines of text. Throws Error (bad input).
void require_class_name(const std::string& name, const std::string& path);

}  // namespace enas4d
