#pragma once
// Labels that are numbers, as IDX and .npy files have them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::data {

/// "0", "1", ... as names of classes that have none.
[[nodiscard]] std::vector<std::string> numbered_classes(std::uint32_t num_classes);

/// The number of classes that these labels need, or num_classes unless it is 0. A label out of
/// range is an Error of kind data that names the sample; `name` stands for the file of labels.
[[nodiscard]] std::uint32_t count_classes(std::span<const std::int64_t> labels,
                                          std::uint32_t num_classes, const std::string& name);

/// Labels in one file, images in another: an Error of kind data where their numbers differ.
void require_equal_counts(std::uint64_t num_images, const std::string& images,
                          std::uint64_t num_labels, const std::string& labels);

}  // namespace edgeprune::data
