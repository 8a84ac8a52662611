#pragma once
// Numbers as kernels see them: of a type known at run time, on a cache line, with nothing behind
// the last. Tests put them in and look at them as floats.

#include "edgeprune/kernels/elements.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace edgeprune::kernels::testing {

inline constexpr ElementType kTypes[] = {ElementType::f32, ElementType::bf16};

inline const char* name_of(ElementType type) {
  return type == ElementType::f32 ? "f32" : "bf16";
}

/// What memory of `type` keeps of a float.
inline float as_kept(ElementType type, float value) {
  return type == ElementType::f32 ? value : static_cast<float>(BFloat16(value));
}

class Stored {
 public:
  Stored(ElementType type, std::span<const float> values) : Stored(type, values.size(), 0.0f) {
    for (std::size_t i = 0; i < size_; ++i) set(i, values[i]);
  }
  Stored(ElementType type, std::size_t size, float value)
      : type_(type),
        size_(size),
        bytes_(static_cast<std::byte*>(::operator new(size* size_of(type), kAlignment))) {
    for (std::size_t i = 0; i < size_; ++i) set(i, value);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] float operator[](std::size_t i) const {
    if (type_ == ElementType::f32) return get<float>(i);
    return static_cast<float>(get<BFloat16>(i));
  }
  [[nodiscard]] std::vector<float> floats() const {
    std::vector<float> all(size_);
    for (std::size_t i = 0; i < size_; ++i) all[i] = (*this)[i];
    return all;
  }
  operator Elements() { return {bytes_.get(), type_}; }
  operator ConstElements() const { return {bytes_.get(), type_}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete(bytes, kAlignment); }
  };

  template <typename T>
  [[nodiscard]] T get(std::size_t i) const {
    T value;
    std::memcpy(&value, bytes_.get() + i * sizeof(T), sizeof(T));
    return value;
  }
  template <typename T>
  void put(std::size_t i, T value) {
    std::memcpy(bytes_.get() + i * sizeof(T), &value, sizeof(T));
  }
  void set(std::size_t i, float value) {
    if (type_ == ElementType::f32) {
      put(i, value);
    } else {
      put(i, BFloat16(value));
    }
  }

  ElementType type_;
  std::size_t size_;
  std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace edgeprune::kernels::testing
