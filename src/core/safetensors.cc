#include "edgeprune/core/safetensors.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace edgeprune::core {
namespace {

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kLongestList = 1000;  // of names in a message
// A checkpoint's header holds a line for every pass so far, as one text.
constexpr std::size_t kMaxHeaderBytes = std::size_t{256} << 20;

struct TypeName {
  ElementType type;
  std::string_view name;
};
constexpr TypeName kTypeNames[] = {
    {ElementType::u8, "U8"},   {ElementType::i8, "I8"},   {ElementType::u16, "U16"},
    {ElementType::i16, "I16"}, {ElementType::u32, "U32"}, {ElementType::i32, "I32"},
    {ElementType::u64, "U64"}, {ElementType::i64, "I64"}, {ElementType::f32, "F32"},
    {ElementType::f64, "F64"},
};

std::string_view type_name(ElementType type) {
  for (const TypeName& row : kTypeNames) {
    if (row.type == type) return row.name;
  }
  throw Error(ErrorKind::internal, "unknown safetensors type");
}

ElementType type_of(const json& entry, const std::string& tensor, const std::string& name) {
  const std::string wanted = entry.at("dtype").get<std::string>();
  for (const TypeName& row : kTypeNames) {
    if (row.name == wanted) return row.type;
  }
  reject_file(name,
              fmt::format("tensor '{}' is of type {}, which is not supported; convert it to F32",
                          printable(tensor), printable(wanted)));
}

std::optional<std::size_t> bytes_of(const std::vector<std::size_t>& shape, ElementType type) {
  std::size_t bytes = npy_type_size(type);
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return bytes;
}

std::vector<std::size_t> sizes_of(const json& list) {
  std::vector<std::size_t> sizes;
  for (const json& size : list) sizes.push_back(json_number<std::size_t>(size, "a size"));
  return sizes;
}

// Where each tensor's bytes begin and end; equal beginnings are of empty tensors.
using Extents = std::multimap<std::size_t, std::size_t>;

// A tensor of a header and where its bytes begin behind it.
struct Entry {
  TensorHeader header;
  std::size_t begin = 0;
};
struct Header {
  std::vector<Entry> entries;  // in order of their names
  std::map<std::string, std::string> metadata;
};

Entry parse_entry(const json& entry, const std::string& tensor, std::size_t data_size,
                  const std::string& name, Extents& extents) {
  Entry result{.header = {.name = tensor,
                          .type = type_of(entry, tensor, name),
                          .shape = sizes_of(entry.at("shape"))}};
  const auto offsets = sizes_of(entry.at("data_offsets"));
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size ||
      bytes_of(result.header.shape, result.header.type) != offsets[1] - offsets[0]) {
    reject_file(name,
                fmt::format("tensor '{}' does not lie within the file; it is truncated or damaged, "
                            "copy it again",
                            printable(tensor)));
  }
  extents.emplace(offsets[0], offsets[1]);
  result.begin = offsets[0];
  return result;
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

// The length of the header that the first bytes of a file of `size` bytes announce.
std::size_t header_length(std::span<const std::byte> first_bytes, std::uint64_t size,
                          const std::string& name) {
  std::uint64_t length = 0;
  if (size >= kLengthBytes) std::memcpy(&length, first_bytes.data(), kLengthBytes);
  if (size < kLengthBytes || length > size - kLengthBytes) {
    reject_file(name, "not a safetensors file, or truncated within its header; copy it again");
  }
  if (length > kMaxHeaderBytes) {
    reject_file(name, fmt::format("its safetensors header has {} bytes, at most {} can be; copy "
                                  "the file again",
                                  length, kMaxHeaderBytes));
  }
  return length;
}

Header parse_header(std::string_view text, std::size_t data_size, const std::string& name) {
  const JsonSource source{.name = name,
                          .what = "the safetensors header is not the JSON it should be",
                          .fix = "copy the file again",
                          .limits = {.bytes = kMaxHeaderBytes, .string_bytes = kMaxHeaderBytes}};
  Extents extents;
  Header header = read_json<json>(text, source, [&](const json& entries) {
    Header read;
    for (const auto& [tensor, entry] : entries.get_ref<const json::object_t&>()) {
      if (tensor == "__metadata__") {
        read.metadata = entry.get<std::map<std::string, std::string>>();
      } else {
        read.entries.push_back(parse_entry(entry, tensor, data_size, name, extents));
      }
    }
    return read;
  });
  check_cover(extents, data_size, name);
  return header;
}

// The length and the header that `tensors`, one after another, need before them.
std::string header_bytes(const std::map<std::string, std::string>& metadata,
                         std::span<const TensorHeader> tensors) {
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const TensorHeader& tensor : tensors) {
    const std::size_t end = offset + tensor.num_bytes();
    header[tensor.name] = {{"dtype", type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = json_text(header, "the header of a safetensors file");
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), kLengthBytes) + text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::vector<TensorHeader> headers_of(const SafetensorsFile& file) {
  std::vector<TensorHeader> headers;
  for (const auto& [name, array] : file.tensors) {
    headers.push_back({name, array.type, array.shape});
  }
  return headers;
}

}  // namespace

std::size_t TensorHeader::num_bytes() const {
  std::size_t bytes = npy_type_size(type);
  for (const std::size_t extent : shape) bytes *= extent;
  return bytes;
}

const NpyArray& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    std::string names;
    for (const auto& [present, array] : tensors) names += names.empty() ? present : ", " + present;
    throw Error(ErrorKind::data,
                fmt::format("there is no tensor '{}'; the file holds {}", printable(name),
                            names.empty() ? "none" : printable(names, kLongestList)));
  }
  return found->second;
}

SafetensorsFile parse_safetensors(std::string_view content, const std::string& name) {
  const std::size_t length = header_length(bytes_of(content), content.size(), name);
  const std::string_view data = content.substr(kLengthBytes + length);
  Header header = parse_header(content.substr(kLengthBytes, length), data.size(), name);
  SafetensorsFile file{.metadata = std::move(header.metadata)};
  for (Entry& entry : header.entries) {
    const auto bytes = bytes_of(data.substr(entry.begin, entry.header.num_bytes()));
    file.tensors[entry.header.name] = {
        entry.header.type, std::move(entry.header.shape), {bytes.begin(), bytes.end()}};
  }
  return file;
}

SafetensorsFile read_safetensors(const FilePlace& place) {
  return parse_safetensors(read_file(place), place.text());
}

std::string to_bytes(const SafetensorsFile& file) {
  std::string bytes = header_bytes(file.metadata, headers_of(file));
  for (const auto& [name, array] : file.tensors) {
    bytes.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  }
  return bytes;
}

void write_safetensors(const FilePlace& place, const SafetensorsFile& file) {
  SafetensorsWriter writer(place, file.metadata, headers_of(file));
  for (const auto& [name, array] : file.tensors) writer.write(array.bytes);
  writer.commit();
}

SafetensorsWriter::SafetensorsWriter(const FilePlace& place,
                                     const std::map<std::string, std::string>& metadata,
                                     std::vector<TensorHeader> tensors)
    : file_(place), tensors_(std::move(tensors)) {
  file_.write(bytes_of(header_bytes(metadata, tensors_)));
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  if (next_ == tensors_.size() || tensors_[next_].num_bytes() != bytes.size()) {
    throw Error(ErrorKind::internal, "a safetensors file was announced with other tensors");
  }
  file_.write(bytes);
  ++next_;
}

void SafetensorsWriter::commit() {
  if (next_ != tensors_.size()) {
    throw Error(ErrorKind::internal, "a safetensors file lacks tensors that were announced");
  }
  file_.commit();
}

SafetensorsReader::SafetensorsReader(const FilePlace& place) : name_(place.text()), file_(place) {
  std::array<std::byte, kLengthBytes> first{};
  file_.read(0, std::span(first).first(std::min<std::size_t>(file_.size(), kLengthBytes)));
  const std::size_t length = header_length(first, file_.size(), name_);
  std::string text(length, '\0');
  file_.read(kLengthBytes, std::as_writable_bytes(std::span(text)));
  Header header = parse_header(text, file_.size() - kLengthBytes - length, name_);
  metadata_ = std::move(header.metadata);
  for (Entry& entry : header.entries) {
    const std::string tensor = entry.header.name;
    places_[tensor] = {std::move(entry.header), kLengthBytes + length + entry.begin};
  }
}

std::vector<TensorHeader> SafetensorsReader::tensors() const {
  std::vector<TensorHeader> headers;
  for (const auto& [name, place] : places_) headers.push_back(place.header);
  return headers;
}

const SafetensorsReader::Place& SafetensorsReader::place_of(const std::string& name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) reject_file(name_, fmt::format("there is no tensor '{}'", name));
  return found->second;
}

void SafetensorsReader::read(const std::string& name, std::span<std::byte> out,
                             std::size_t first_byte) const {
  const Place& place = place_of(name);
  const std::size_t size = place.header.num_bytes();
  if (first_byte > size || out.size() > size - first_byte) {
    reject_file(name_, fmt::format("tensor '{}' has {} bytes where {} are needed", name, size,
                                   first_byte + out.size()));
  }
  file_.read(place.offset + first_byte, out);
}

}  // namespace edgeprune::core
