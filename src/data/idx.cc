#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/data/readers.h"

#include "labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace edgeprune::data {
namespace {

constexpr unsigned kUnsignedBytes = 0x08;
constexpr std::uint64_t kMoreThanAny = std::uint64_t{1} << 62;  // values of a file

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// The number of dimensions, the last byte of the magic number.
std::size_t parse_magic(std::string_view content, const std::string& name) {
  if (content.size() < 4) core::reject_file(name, "too short for an IDX file; copy it again");
  const std::uint32_t magic = big_endian(content.substr(0, 4));
  if (magic >> 16 != 0 || (magic & 0xff) == 0) {
    core::reject_file(
        name, fmt::format("not an IDX file: it begins with {:#010x} where 0x00000803 (images) or "
                          "0x00000801 (labels) is expected; check the path",
                          magic));
  }
  if ((magic >> 8 & 0xff) != kUnsignedBytes) {
    core::reject_file(
        name, fmt::format("its elements are of IDX type {:#04x}; convert them to unsigned bytes "
                          "(0x08)",
                          magic >> 8 & 0xff));
  }
  return magic & 0xff;
}

struct Header {
  std::vector<std::uint32_t> extents;
  std::size_t num_bytes = 0;                // of the header itself
  std::optional<std::uint64_t> num_values;  // nothing where no number holds them
};

// Nothing where the content ends within it.
std::optional<Header> parse_header(std::string_view content, const std::string& name) {
  const std::size_t dimensions = parse_magic(content, name);
  Header header{.num_bytes = 4 + 4 * dimensions};
  if (content.size() < header.num_bytes) return std::nullopt;
  std::uint64_t size = 1;
  bool too_large = false;
  for (std::size_t axis = 0; axis < dimensions; ++axis) {
    header.extents.push_back(big_endian(content.substr(4 + 4 * axis, 4)));
    too_large |= __builtin_mul_overflow(size, header.extents.back(), &size);
  }
  if (!too_large) header.num_values = size;
  return header;
}

void require_dimensions(const std::vector<std::uint32_t>& extents, std::size_t wanted,
                        std::string_view meaning, const std::string& name) {
  if (extents.size() == wanted) return;
  core::reject_file(
      name, fmt::format("has {} dimensions but {}; check that images and labels are not swapped",
                        extents.size(), meaning));
}

IdxArray read_array(std::string_view content, const std::filesystem::path& path,
                    std::size_t dimensions, std::string_view meaning) {
  const std::string name = path.string();
  const auto promised = [&](std::string_view first_bytes) -> std::optional<std::uint64_t> {
    if (first_bytes.size() < 4) return std::nullopt;
    const std::optional<Header> header = parse_header(first_bytes, name);
    if (!header) return std::nullopt;
    require_dimensions(header->extents, dimensions, meaning, name);
    if (!header->num_values) return std::numeric_limits<std::uint64_t>::max();
    return header->num_bytes + std::min(*header->num_values, kMoreThanAny);
  };
  IdxArray array = parse_idx(gunzip(content, name, promised), name);
  require_dimensions(array.extents, dimensions, meaning, name);
  return array;
}

}  // namespace

IdxArray parse_idx(std::string_view content, const std::string& name) {
  std::optional<Header> header = parse_header(content, name);
  if (!header) core::reject_file(name, "the file ends within its header; copy it again");
  const std::string_view values = content.substr(header->num_bytes);
  if (header->num_values != values.size()) {
    core::reject_file(
        name, fmt::format("the header promises {} bytes but {} follow; the file is truncated or "
                          "damaged, copy it again",
                          fmt::join(header->extents, " x "), values.size()));
  }
  return {std::move(header->extents), {values.begin(), values.end()}};
}

Dataset read_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 std::uint32_t num_classes) {
  const std::string image_file = core::read_file(images);
  const std::string label_file = core::read_file(labels);
  IdxArray pixels = read_array(image_file, images, 3, "images have three (N x H x W)");
  const IdxArray classes = read_array(label_file, labels, 1, "labels have one (N)");
  require_equal_counts(pixels.extents[0], images.string(), classes.extents[0], labels.string());

  const std::vector<std::int64_t> numbers(classes.values.begin(), classes.values.end());
  Dataset dataset;
  dataset.name = images.string();
  dataset.shape = {.height = pixels.extents[1], .width = pixels.extents[2], .channels = 1};
  dataset.class_names = numbered_classes(count_classes(numbers, num_classes, labels.string()));
  dataset.labels.assign(numbers.begin(), numbers.end());
  dataset.byte_pixels = std::move(pixels.values);
  dataset.stored_bytes_per_sample = static_cast<double>(image_file.size() + label_file.size()) /
                                    static_cast<double>(numbers.size());
  return finish_dataset(std::move(dataset));
}

}  // namespace edgeprune::data
