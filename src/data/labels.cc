#include "labels.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgeprune::data {
namespace {

// A label beyond this is no class number, and so many names would fill the memory.
constexpr std::uint32_t kMaxClasses = 1u << 16;

}  // namespace

std::vector<std::string> numbered_classes(std::uint32_t num_classes) {
  std::vector<std::string> names;
  names.reserve(num_classes);
  for (std::uint32_t label = 0; label < num_classes; ++label) {
    names.push_back(std::to_string(label));
  }
  return names;
}

std::uint32_t count_classes(std::span<const std::int64_t> labels, std::uint32_t num_classes,
                            const std::string& name) {
  const std::int64_t end = num_classes > 0 ? num_classes : kMaxClasses;
  std::int64_t largest = -1;
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    const std::int64_t label = labels[sample];
    if (label < 0 || label >= end) {
      throw core::Error(core::ErrorKind::data,
                        fmt::format("{}: sample {} has label {}; labels count the classes from 0 "
                                    "and must be in [0, {})",
                                    name, sample, label, end));
    }
    largest = std::max(largest, label);
  }
  return num_classes > 0 ? num_classes : static_cast<std::uint32_t>(largest + 1);
}

void require_equal_counts(std::uint64_t num_images, const std::string& images,
                          std::uint64_t num_labels, const std::string& labels) {
  if (num_images == num_labels) return;
  throw core::Error(core::ErrorKind::data,
                    fmt::format("{}: holds {} images but {} holds {} labels; use files that belong "
                                "together",
                                images, num_images, labels, num_labels));
}

}  // namespace edgeprune::data
