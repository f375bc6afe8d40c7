// SHA-256, the one hash of the project: of specs, spaces, weights, data (libcrypto's
// implementation).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace enas4d {

/// 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);

/// The same over several pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(const void* bytes, std::size_t size);
  void add(std::string_view text) { add(text.data(), text.size()); }
  std::string digest();  ///< once, at the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace enas4d
