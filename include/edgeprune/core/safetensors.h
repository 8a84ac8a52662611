#pragma once
// The safetensors format: named arrays behind a JSON header. Model files and checkpoints use it.
//
//   SafetensorsFile file = read_safetensors("model.safetensors");
//   std::span<const float> w = file.at("fc.weight").as<float>();
//
// Little-endian, contiguous data. A damaged file is an Error of kind data that names it. Files too
// large to be in memory twice are written and read array by array:
//
//   SafetensorsWriter writer(path, {}, {{"fc.weight", ElementType::f32, {10, 64}}});
//   writer.write(std::as_bytes(std::span(weights)));
//   writer.commit();
//
//   SafetensorsReader reader(path);
//   reader.read("fc.weight", std::as_writable_bytes(std::span(weights)));

#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace edgeprune::core {

/// Arrays in order of their names. Element types are those of .npy files.
struct SafetensorsFile {
  std::map<std::string, NpyArray> tensors;
  std::map<std::string, std::string> metadata;

  /// The tensor of this name, or an Error of kind data that lists what is there.
  [[nodiscard]] const NpyArray& at(const std::string& name) const;

  template <typename T>
  void add(const std::string& name, std::span<const T> elements, std::vector<std::size_t> shape) {
    const auto bytes = std::as_bytes(elements);
    tensors[name] = {
        element_type_of<std::remove_const_t<T>>(), std::move(shape), {bytes.begin(), bytes.end()}};
  }
};

[[nodiscard]] SafetensorsFile read_safetensors(const FilePlace& place);
/// `name` stands for the file in error messages.
[[nodiscard]] SafetensorsFile parse_safetensors(std::string_view content, const std::string& name);

/// The file as bytes; write_safetensors puts them on disk atomically.
[[nodiscard]] std::string to_bytes(const SafetensorsFile& file);
void write_safetensors(const FilePlace& place, const SafetensorsFile& file);

/// An array without its elements.
struct TensorHeader {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<std::size_t> shape;

  [[nodiscard]] std::size_t num_bytes() const;
};

/// Writes a file atomically from arrays that come one after another; none is copied.
class SafetensorsWriter {
 public:
  /// The arrays in the order in which write() will be given them, which is the order of their bytes
  /// in the file. Any order will do: readers list them by name.
  SafetensorsWriter(const FilePlace& place, const std::map<std::string, std::string>& metadata,
                    std::vector<TensorHeader> tensors);
  /// The next array's bytes; another number of them is an internal Error.
  void write(std::span<const std::byte> bytes);
  /// Puts the file in its place once every array is written.
  void commit();

 private:
  AtomicFile file_;
  std::vector<TensorHeader> tensors_;
  std::size_t next_ = 0;
};

/// Reads a file's header, and arrays when they are asked for.
class SafetensorsReader {
 public:
  explicit SafetensorsReader(const FilePlace& place);

  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// In order of their names, whatever the order in the file.
  [[nodiscard]] std::vector<TensorHeader> tensors() const;
  /// Fills `out` with the array's bytes from `first_byte` on. An array that is not there or ends
  /// before is an Error of kind data.
  void read(const std::string& name, std::span<std::byte> out, std::size_t first_byte = 0) const;

 private:
  struct Place {
    TensorHeader header;
    std::uint64_t offset = 0;  // in the file
  };
  [[nodiscard]] const Place& place_of(const std::string& name) const;

  std::string name_;
  RandomAccessFile file_;
  std::map<std::string, Place> places_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace edgeprune::core
