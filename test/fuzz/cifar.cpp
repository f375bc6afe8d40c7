#include "formats/image_set.h"
#include "fuzz/input_file.h"
#include "fuzz/readers.h"

namespace enas4d {
namespace {

/// A record with so many label bytes, all 0.
std::string black_record(std::size_t label_bytes) {
  return std::string(label_bytes + 3 * 32 * 32, '\0');
}

std::string class_names(int classes) {
  std::string names;
  for (int c = 0; c < classes; ++c) names += std::to_string(c) + "\n";
  return names;
}

}  // namespace

/// CIFAR-10 and CIFAR-100 side by side.
void try_cifar(std::string_view input) {
  static const InputFolder folder({{"data_batch_1.bin", black_record(1)},
                                   {"batches.meta.txt", class_names(10)},
                                   {"train.bin", black_record(2)},
                                   {"fine_label_names.txt", class_names(100)},
                                   {"data_batch_2.bin", black_record(1)},
                                   {"data_batch_3.bin", black_record(1)},
                                   {"data_batch_4.bin", black_record(1)},
                                   {"data_batch_5.bin", black_record(1)},
                                   {"test_batch.bin", black_record(1)},
                                   {"test.bin", black_record(2)}});
  folder.read_with(input, [](const std::string& path) {
    image_set_hash(read_cifar10(path).train);
    image_set_hash(read_cifar100(path).train);
  });
}

}  // namespace enas4d
