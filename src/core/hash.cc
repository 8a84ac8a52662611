#include "edgeprune/core/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <new>

namespace edgeprune::core {

struct Hasher::State {
  State() : xxh(XXH3_createState()) {
    if (!xxh) throw std::bad_alloc();
    XXH3_128bits_reset(xxh.get());
  }
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> xxh;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_->xxh.get(), bytes.data(), bytes.size());
  return *this;
}

Hasher& Hasher::add(std::string_view text) {
  return add(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Hasher::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->xxh.get());
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

std::string content_hash(std::span<const std::byte> bytes) {
  return Hasher().add(bytes).hex();
}
std::string content_hash(std::string_view text) {
  return Hasher().add(text).hex();
}

}  // namespace edgeprune::core
