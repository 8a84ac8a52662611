#pragma once
// The safetensors format: named arrays behind a JSON header. Model files and checkpoints use it.
//
//   SafetensorsFile file = read_safetensors("model.safetensors");
//   std::span<const float> w = file.at("fc.weight").as<float>();
//
// Little-endian, contiguous data. A damaged file is an Error of kind data that names it.

#include "edgeprune/core/npy.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
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
        npy_type_of<std::remove_const_t<T>>(), std::move(shape), {bytes.begin(), bytes.end()}};
  }
};

[[nodiscard]] SafetensorsFile read_safetensors(const std::filesystem::path& path);
/// `name` stands for the file in error messages.
[[nodiscard]] SafetensorsFile parse_safetensors(std::string_view content, const std::string& name);

/// The file as bytes; write_safetensors puts them on disk atomically.
[[nodiscard]] std::string to_bytes(const SafetensorsFile& file);
void write_safetensors(const std::filesystem::path& path, const SafetensorsFile& file);

}  // namespace edgeprune::core
