// Catch2 for every test, and the only header that includes it: it hides that Debian 12 has version
// 2 and Debian 13 version 3, and that LibTorch defines a CHECK of its own, which aborts the run
// when it is the later one.
#pragma once

#if __has_include(<torch/torch.h>)  // only where the target links LibTorch
#include <torch/torch.h>
#undef CHECK
#endif

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace enas4d {

using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

/// For CHECK_THROWS_WITH and CHECK_THAT: the text holds this part.
inline auto Contains(const std::string& part) {
#if __has_include(<catch2/catch_all.hpp>)
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Matchers::Contains(part);
#endif
}

}  // namespace enas4d
