// Which images an image folder holds, and of which class.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace enas4d {

struct FolderListing {
  struct File {
    std::string path;  ///< below the folder
    std::int32_t label = 0;
    std::int64_t size = 0, modified = 0;  ///< bytes; nanoseconds. 0 = a link to nowhere
    bool readable = true;                 ///< by what its permissions say of this process
  };
  std::string folder;
  std::vector<std::string> classes;  ///< its subfolders, sorted by bytes
  std::vector<File> files;           ///< class by class, sorted by bytes
};

/// Images are files named .jpg, .jpeg, .png, .ppm, .pgm or .pnm in any case, at any depth below
/// their class; links are followed, hidden files (.x) passed over. Throws Error (bad input): a
/// folder that cannot be read, has no class or a class without images; a link to a folder around
/// itself; a class name that is not UTF-8.
FolderListing list_image_folder(const std::string& folder);

}  // namespace enas4d
