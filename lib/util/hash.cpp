#include "util/hash.h"

#include <array>
#include <cassert>
#include <new>

#include <openssl/evp.h>

namespace enas4d {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    if (context == nullptr || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1) {
      EVP_MD_CTX_free(context);
      throw std::bad_alloc();  // libcrypto has no other reason to fail here
    }
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}

Sha256::~Sha256() = default;

void Sha256::add(const void* bytes, std::size_t size) {
  [[maybe_unused]] const int done = EVP_DigestUpdate(state_->context, bytes, size);
  assert(done == 1);
}

std::string Sha256::digest() {
  std::array<unsigned char, 32> bytes;
  [[maybe_unused]] const int done = EVP_DigestFinal_ex(state_->context, bytes.data(), nullptr);
  assert(done == 1);
  // Searches hash every draw: fmt would take longer than SHA-256 does.
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.digest();
}

}  // namespace enas4d
