#pragma once
// Content hashes: XXH3, 128 bits, written as 32 hexadecimal digits. They detect damage and name
// content; they are not a defence against an adversary.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace edgeprune::core {

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  Hasher& add(std::span<const std::byte> bytes);
  Hasher& add(std::string_view text);
  /// Adds the values' bytes in memory order (little-endian on every supported machine).
  template <typename T>
  Hasher& add_values(std::span<const T> values) {
    return add(std::as_bytes(values));
  }
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string content_hash(std::span<const std::byte> bytes);
[[nodiscard]] std::string content_hash(std::string_view text);

}  // namespace edgeprune::core
