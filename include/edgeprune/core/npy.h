#pragma once
// NumPy's .npy files (format versions 1.0 to 3.0), little-endian, C order.
//
//   NpyArray array = read_npy("scores.npy");          // array.shape == {N, 1}, array.as<float>()
//   write_npy("selection.npy", std::span(indices), {indices.size()});
//
// A file that is not such an array is an Error of kind data that names the file and the fix.

#include "edgeprune/core/directory.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace edgeprune::core {

enum class ElementType { u8, u32, i8, i16, i32, i64, u16, u64, f32, f64 };

struct NpyArray {
  ElementType type = ElementType::u8;
  std::vector<std::size_t> shape;  // empty for a scalar
  std::vector<std::byte> bytes;    // elements in C order

  [[nodiscard]] std::size_t num_elements() const;
  /// The elements, if T is exactly the stored type; an internal Error otherwise. They lie in
  /// `bytes`: the span is valid as long as the array is, and is not copied or moved from.
  template <typename T>
  [[nodiscard]] std::span<const T> as() const;
};

/// NumPy's own name of a type, such as "<f4".
[[nodiscard]] std::string_view npy_type_name(ElementType type);
[[nodiscard]] std::size_t npy_type_size(ElementType type);

template <typename T>
[[nodiscard]] constexpr ElementType element_type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return ElementType::u8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return ElementType::i8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return ElementType::u16;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return ElementType::i16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return ElementType::u32;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return ElementType::i32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return ElementType::u64;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return ElementType::i64;
  else if constexpr (std::is_same_v<T, float>)
    return ElementType::f32;
  else {
    static_assert(std::is_same_v<T, double>, "not a type of .npy files");
    return ElementType::f64;
  }
}

[[nodiscard]] NpyArray read_npy(const FilePlace& place);

/// `name` stands for the file in error messages.
[[nodiscard]] NpyArray parse_npy(std::string_view content, const std::string& name);

/// The file as bytes; write_npy puts them on disk atomically.
[[nodiscard]] std::string npy_bytes(std::span<const std::byte> elements, ElementType type,
                                    const std::vector<std::size_t>& shape);

/// Writes atomically. The product of `shape` must be the number of elements.
void write_npy(const FilePlace& place, std::span<const std::byte> elements, ElementType type,
               const std::vector<std::size_t>& shape);

template <typename T>
void write_npy(const FilePlace& place, std::span<const T> elements,
               const std::vector<std::size_t>& shape) {
  write_npy(place, std::as_bytes(elements), element_type_of<std::remove_const_t<T>>(), shape);
}

/// Integer elements of any stored integer type; an Error of kind data if the array holds others.
[[nodiscard]] std::vector<std::int64_t> npy_integers(const NpyArray& array,
                                                     const std::string& name);

/// An internal Error unless the array holds this type.
void require_element_type(const NpyArray& array, ElementType wanted);

template <typename T>
std::span<const T> NpyArray::as() const {
  require_element_type(*this, element_type_of<T>());
  return {reinterpret_cast<const T*>(bytes.data()), num_elements()};
}

}  // namespace edgeprune::core
