#include "edgeprune/core/npy.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

namespace edgeprune::core {
namespace {

struct TypeRow {
  ElementType type;
  std::string_view name;
  std::size_t size;
};

constexpr std::array kTypes = {
    TypeRow{ElementType::u8, "|u1", 1},  TypeRow{ElementType::i8, "|i1", 1},
    TypeRow{ElementType::u16, "<u2", 2}, TypeRow{ElementType::i16, "<i2", 2},
    TypeRow{ElementType::u32, "<u4", 4}, TypeRow{ElementType::i32, "<i4", 4},
    TypeRow{ElementType::u64, "<u8", 8}, TypeRow{ElementType::i64, "<i8", 8},
    TypeRow{ElementType::f32, "<f4", 4}, TypeRow{ElementType::f64, "<f8", 8},
};

const TypeRow& row_of(ElementType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row;
  }
  throw Error(ErrorKind::internal, "unknown .npy type");
}

// The text behind "'key':" in the header's Python dictionary.
std::string_view header_value(std::string_view header, std::string_view key,
                              const std::string& name) {
  const std::size_t at = header.find(fmt::format("'{}'", key));
  if (at == std::string_view::npos) {
    reject_file(name,
                fmt::format("the .npy header has no '{}'; write the file with numpy.save", key));
  }
  std::string_view rest = header.substr(at + key.size() + 2);
  rest.remove_prefix(std::min(rest.find_first_not_of(": "), rest.size()));
  return rest;
}

std::vector<std::size_t> parse_shape(std::string_view text, const std::string& name) {
  std::vector<std::size_t> shape;
  const std::size_t close = text.find(')');
  if (text.empty() || text.front() != '(' || close == std::string_view::npos) {
    reject_file(name, "the .npy header has no readable shape; write the file with numpy.save");
  }
  text = text.substr(1, close - 1);
  while (!text.empty()) {
    if (text.front() == ',' || text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    std::size_t extent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc() || shape.size() == 32) {
      reject_file(name, "the .npy header has no readable shape; write the file with numpy.save");
    }
    shape.push_back(extent);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return shape;
}

ElementType parse_type(std::string_view text, const std::string& name) {
  const std::size_t close = text.size() > 1 ? text.find('\'', 1) : std::string_view::npos;
  if (text.empty() || text.front() != '\'' || close == std::string_view::npos) {
    reject_file(name, "the .npy header has no readable type; write the file with numpy.save");
  }
  const std::string_view descr = text.substr(1, close - 1);
  for (const TypeRow& row : kTypes) {
    if (row.name == descr) return row.type;
  }
  reject_file(name, fmt::format("elements of type '{}' are not supported; convert with "
                                "array.astype('<f4') or a little-endian integer type",
                                printable(descr)));
}

std::optional<std::size_t> checked_product(std::span<const std::size_t> factors) {
  std::size_t product = 1;
  for (const std::size_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return std::nullopt;
  }
  return product;
}

// Where the header text begins and how long it is.
std::pair<std::size_t, std::size_t> header_extent(std::string_view content,
                                                  const std::string& name) {
  if (content.size() < 10 || content.substr(0, 6) != std::string_view("\x93NUMPY", 6)) {
    reject_file(name, "not a .npy file (wrong magic); write it with numpy.save");
  }
  const auto byte = [&](std::size_t at) {
    return std::size_t{static_cast<unsigned char>(content[at])};
  };
  if (byte(6) < 1 || byte(6) > 3) {
    reject_file(name,
                fmt::format("format version {} is not known; write it with numpy.save", byte(6)));
  }
  if (byte(6) == 1) return {10, byte(8) | byte(9) << 8};
  if (content.size() < 12) reject_file(name, "the file ends within its header; copy it again");
  return {12, byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24};
}

}  // namespace

std::string_view npy_type_name(ElementType type) {
  return row_of(type).name;
}
std::size_t npy_type_size(ElementType type) {
  return row_of(type).size;
}

std::size_t NpyArray::num_elements() const {
  return bytes.size() / npy_type_size(type);
}

void require_element_type(const NpyArray& array, ElementType wanted) {
  if (array.type != wanted) {
    throw Error(ErrorKind::internal, fmt::format("array of {} read as {}",
                                                 npy_type_name(array.type), npy_type_name(wanted)));
  }
}

NpyArray parse_npy(std::string_view content, const std::string& name) {
  const auto [begin, length] = header_extent(content, name);
  if (length > content.size() - begin)
    reject_file(name, "the file ends within its header; copy it again");
  const std::string_view header = content.substr(begin, length);
  if (header_value(header, "fortran_order", name).starts_with("True")) {
    reject_file(name, "stored in Fortran order; save numpy.ascontiguousarray(array) instead");
  }
  NpyArray array;
  array.type = parse_type(header_value(header, "descr", name), name);
  array.shape = parse_shape(header_value(header, "shape", name), name);
  std::vector<std::size_t> factors = array.shape;
  factors.push_back(npy_type_size(array.type));
  const auto wanted = checked_product(factors);
  const std::string_view elements = content.substr(begin + length);
  if (!wanted || *wanted != elements.size()) {
    reject_file(
        name,
        fmt::format("the header promises shape ({}) of '{}' but {} bytes follow; the file "
                    "is truncated or damaged, copy it again",
                    fmt::join(array.shape, ", "), npy_type_name(array.type), elements.size()));
  }
  array.bytes.resize(elements.size());
  if (!elements.empty()) std::memcpy(array.bytes.data(), elements.data(), elements.size());
  return array;
}

NpyArray read_npy(const FilePlace& place) {
  return parse_npy(read_file(place), place.text());
}

std::string npy_bytes(std::span<const std::byte> elements, ElementType type,
                      const std::vector<std::size_t>& shape) {
  std::vector<std::size_t> factors = shape;
  factors.push_back(npy_type_size(type));
  if (checked_product(factors) != elements.size()) {
    throw Error(ErrorKind::internal, fmt::format("an array of shape ({}) does not hold {} bytes",
                                                 fmt::join(shape, ", "), elements.size()));
  }
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                  npy_type_name(type), fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // The format asks for elements that begin at a multiple of 64 bytes and a newline before them.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string content("\x93NUMPY\x01\x00", 8);
  content += static_cast<char>(header.size() & 0xff);
  content += static_cast<char>(header.size() >> 8);
  content += header;
  content.append(reinterpret_cast<const char*>(elements.data()), elements.size());
  return content;
}

void write_npy(const FilePlace& place, std::span<const std::byte> elements, ElementType type,
               const std::vector<std::size_t>& shape) {
  std::string bytes;
  try {
    bytes = npy_bytes(elements, type, shape);
  } catch (const Error& error) {
    throw error.of(place.text());
  }
  write_file_atomically(place, bytes);
}

std::vector<std::int64_t> npy_integers(const NpyArray& array, const std::string& name) {
  std::vector<std::int64_t> values;
  values.reserve(array.num_elements());
  const auto widen = [&]<typename T>(std::span<const T> elements) {
    for (const T value : elements) {
      if constexpr (std::is_same_v<T, std::uint64_t>) {
        if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
          reject_file(name, fmt::format("the value {} is too large", value));
        }
      }
      values.push_back(static_cast<std::int64_t>(value));
    }
  };
  switch (array.type) {
    case ElementType::u8:
      widen(array.as<std::uint8_t>());
      break;
    case ElementType::i8:
      widen(array.as<std::int8_t>());
      break;
    case ElementType::u16:
      widen(array.as<std::uint16_t>());
      break;
    case ElementType::i16:
      widen(array.as<std::int16_t>());
      break;
    case ElementType::u32:
      widen(array.as<std::uint32_t>());
      break;
    case ElementType::i32:
      widen(array.as<std::int32_t>());
      break;
    case ElementType::u64:
      widen(array.as<std::uint64_t>());
      break;
    case ElementType::i64:
      widen(array.as<std::int64_t>());
      break;
    case ElementType::f32:
    case ElementType::f64:
      reject_file(name, fmt::format("holds '{}' where integers are wanted; convert with "
                                    "array.astype('<i8')",
                                    npy_type_name(array.type)));
  }
  return values;
}

}  // namespace edgeprune::core
