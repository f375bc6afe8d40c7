// The readers of reader.h, one a file.
#pragma once

#include <string_view>

namespace enas4d {

void try_cifar(std::string_view input);
void try_config(std::string_view input);
void try_data_description(std::string_view input);
void try_document(std::string_view input);
void try_evaluation(std::string_view input);
void try_idx(std::string_view input);
void try_image(std::string_view input);
void try_image_folder(std::string_view input);
void try_image_pack(std::string_view input);
void try_journal(std::string_view input);
void try_records(std::string_view input);
void try_safetensors(std::string_view input);

}  // namespace enas4d
