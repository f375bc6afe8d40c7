#include "dist/address.h"

#include <array>
#include <unistd.h>

#include "support/catch.h"

namespace enas4d {

TEST_CASE("a machine's own name stands for an address that others reach, where it has one",
          "[dist]") {
  std::array<char, 256> name = {};
  REQUIRE(gethostname(name.data(), name.size() - 1) == 0);
  const std::string outward = outward_address();
  CHECK_THAT(outward, !StartsWith("127."));
  const std::string own = address_towards(name.data());
  if (!own.empty() && !outward.empty()) {
    CHECK_THAT(own, !StartsWith("127."));
    CHECK(own != "::1");
  }
}

TEST_CASE("who meets on loopback stays there", "[dist]") {
  CHECK(address_towards("127.0.0.1") == "127.0.0.1");
  CHECK(address_towards("127.0.1.1") == "127.0.0.1");
}

}  // namespace enas4d
