#include "edgeprune/core/safetensors.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <optional>

namespace edgeprune::core {
namespace {

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;

struct TypeName {
  NpyType type;
  std::string_view name;
};
constexpr TypeName kTypeNames[] = {
    {NpyType::u8, "U8"},   {NpyType::i8, "I8"},   {NpyType::u16, "U16"}, {NpyType::i16, "I16"},
    {NpyType::u32, "U32"}, {NpyType::i32, "I32"}, {NpyType::u64, "U64"}, {NpyType::i64, "I64"},
    {NpyType::f32, "F32"}, {NpyType::f64, "F64"},
};

std::string_view type_name(NpyType type) {
  for (const TypeName& row : kTypeNames) {
    if (row.type == type) return row.name;
  }
  throw Error(ErrorKind::internal, "unknown safetensors type");
}

NpyType type_of(const json& entry, const std::string& tensor, const std::string& name) {
  const std::string wanted = entry.at("dtype").get<std::string>();
  for (const TypeName& row : kTypeNames) {
    if (row.name == wanted) return row.type;
  }
  reject_file(name,
              fmt::format("tensor '{}' is of type {}, which is not supported; convert it to F32",
                          printable(tensor), printable(wanted)));
}

std::optional<std::size_t> bytes_of(const std::vector<std::size_t>& shape, NpyType type) {
  std::size_t bytes = npy_type_size(type);
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return bytes;
}

std::vector<std::size_t> sizes_of(const json& list) {
  std::vector<std::size_t> sizes;
  for (const json& size : list) {
    // get<> alone would round 2.5 and wrap -1.
    if (!size.is_number_unsigned()) throw json::other_error::create(500, "not a size", &size);
    sizes.push_back(size.get<std::size_t>());
  }
  return sizes;
}

// Where each tensor's bytes begin and end; equal beginnings are of empty tensors.
using Extents = std::multimap<std::size_t, std::size_t>;

NpyArray parse_tensor(const json& entry, std::string_view data, const std::string& tensor,
                      const std::string& name, Extents& extents) {
  NpyArray array;
  array.type = type_of(entry, tensor, name);
  array.shape = sizes_of(entry.at("shape"));
  const auto offsets = sizes_of(entry.at("data_offsets"));
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() ||
      bytes_of(array.shape, array.type) != offsets[1] - offsets[0]) {
    reject_file(name,
                fmt::format("tensor '{}' does not lie within the file; it is truncated or damaged, "
                            "copy it again",
                            printable(tensor)));
  }
  extents.emplace(offsets[0], offsets[1]);
  const std::string_view bytes = data.substr(offsets[0], offsets[1] - offsets[0]);
  array.bytes.resize(bytes.size());
  if (!bytes.empty()) std::memcpy(array.bytes.data(), bytes.data(), bytes.size());
  return array;
}

// The format has no holes, overlaps or trailing bytes.
void check_cover(const Extents& extents, std::size_t size, const std::string& name) {
  std::size_t covered = 0;
  bool once = true;
  for (const auto& [begin, end] : extents) {
    once = once && begin == covered;
    covered = end;
  }
  if (once && covered == size) return;
  reject_file(name, fmt::format("its tensors do not cover its {} bytes of data exactly once; it is "
                                "truncated or damaged, copy it again",
                                size));
}

std::string_view header_of(std::string_view content, const std::string& name) {
  std::uint64_t length = 0;
  if (content.size() >= kLengthBytes) std::memcpy(&length, content.data(), kLengthBytes);
  if (content.size() < kLengthBytes || length > content.size() - kLengthBytes) {
    reject_file(name, "not a safetensors file, or truncated within its header; copy it again");
  }
  return content.substr(kLengthBytes, length);
}

}  // namespace

const NpyArray& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    std::string names;
    for (const auto& [present, array] : tensors) names += names.empty() ? present : ", " + present;
    throw Error(ErrorKind::data, fmt::format("there is no tensor '{}'; the file holds {}", name,
                                             names.empty() ? "none" : names));
  }
  return found->second;
}

SafetensorsFile parse_safetensors(std::string_view content, const std::string& name) {
  const std::string_view header = header_of(content, name);
  const std::string_view data = content.substr(kLengthBytes + header.size());
  SafetensorsFile file;
  Extents extents;
  try {
    // items() of null would be those of an empty object.
    const json entries = json::parse(header).get<json::object_t>();
    for (const auto& [tensor, entry] : entries.items()) {
      if (tensor == "__metadata__") {
        file.metadata = entry.get<std::map<std::string, std::string>>();
      } else {
        file.tensors[tensor] = parse_tensor(entry, data, tensor, name, extents);
      }
    }
  } catch (const json::exception&) {
    reject_file(name, "the safetensors header is not the JSON it should be; copy the file again");
  }
  check_cover(extents, data.size(), name);
  return file;
}

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path), path.string());
}

std::string to_bytes(const SafetensorsFile& file) {
  json header = json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::size_t offset = 0;
  for (const auto& [name, array] : file.tensors) {
    header[name] = {{"dtype", type_name(array.type)},
                    {"shape", array.shape},
                    {"data_offsets", {offset, offset + array.bytes.size()}}};
    offset += array.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes.reserve(kLengthBytes + text.size() + offset);
  bytes += text;
  for (const auto& [name, array] : file.tensors) {
    bytes.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const SafetensorsFile& file) {
  write_file_atomically(path, to_bytes(file));
}

}  // namespace edgeprune::core
