// A number of threads for one test: LibTorch's own default may be one, and then nothing is divided.
#pragma once

#include <torch/torch.h>

namespace enas4d {

class ThreadCount {
 public:
  explicit ThreadCount(int count) : before_(torch::get_num_threads()) {
    torch::set_num_threads(count);
  }
  ~ThreadCount() { torch::set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace enas4d
