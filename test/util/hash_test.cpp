#include "util/hash.h"

#include "support/catch.h"

namespace enas4d {

TEST_CASE("sha256 gives the standard's own examples", "[util][hash]") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a hash does not depend on how its bytes are cut into pieces", "[util][hash]") {
  const std::string text(1000, 'x');
  const std::size_t cut = GENERATE(0U, 1U, 63U, 64U, 999U, 1000U);
  CAPTURE(cut);
  Sha256 hash;
  hash.add(text.substr(0, cut));
  hash.add(text.data() + cut, text.size() - cut);
  CHECK(hash.digest() == sha256(text));
}

}  // namespace enas4d
