#pragma once
// The numbers that activations are stored as, and views of them whose type is known at run time.
//
// Kernels compute in float whatever they read; BFloat16 is a storage type (and the operand type of
// the bfloat16 products). Conversions to it round to nearest, ties to even; a kernel may make zero
// of a subnormal float (AVX-512 BF16 does).

#include <bit>
#include <cstddef>
#include <cstdint>

namespace edgeprune::kernels {

/// The upper half of a float: 8 bits of exponent, 7 of fraction. What rounds beyond the largest
/// finite number becomes infinity. The NaNs that arithmetic makes stay NaNs; one whose payload lies
/// in the lower bits may become an infinity or a zero.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) {
    const auto whole = std::bit_cast<std::uint32_t>(value);
    bits = static_cast<std::uint16_t>((whole + 0x7fff + ((whole >> 16) & 1)) >> 16);
  }
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  bool operator==(const BFloat16&) const = default;
};

enum class ElementType : std::uint8_t { f32, bf16 };

[[nodiscard]] constexpr std::size_t size_of(ElementType type) {
  return type == ElementType::f32 ? sizeof(float) : sizeof(BFloat16);
}

/// Memory to read, of either type; the view owns nothing.
struct ConstElements {
  const void* data = nullptr;
  ElementType type = ElementType::f32;

  ConstElements() = default;
  ConstElements(const float* values) : data(values) {}
  ConstElements(const BFloat16* values) : data(values), type(ElementType::bf16) {}
  ConstElements(const void* values, ElementType kind) : data(values), type(kind) {}

  /// The view from element `index` on.
  [[nodiscard]] ConstElements at(std::size_t index) const {
    return {static_cast<const std::byte*>(data) + index * size_of(type), type};
  }
  explicit operator bool() const { return data != nullptr; }
};

/// Memory to write (and read), of either type; the view owns nothing.
struct Elements {
  void* data = nullptr;
  ElementType type = ElementType::f32;

  Elements() = default;
  Elements(float* values) : data(values) {}
  Elements(BFloat16* values) : data(values), type(ElementType::bf16) {}
  Elements(void* values, ElementType kind) : data(values), type(kind) {}

  [[nodiscard]] Elements at(std::size_t index) const {
    return {static_cast<std::byte*>(data) + index * size_of(type), type};
  }
  operator ConstElements() const { return {data, type}; }
  explicit operator bool() const { return data != nullptr; }
};

}  // namespace edgeprune::kernels
