#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/data/readers.h"

#include "labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <utility>

namespace edgeprune::data {
namespace {

ImageShape shape_of(const core::NpyArray& array, NpyLayout layout, const std::string& name) {
  const auto extent = [&](std::size_t axis) {
    if (array.shape[axis] > std::numeric_limits<std::uint32_t>::max()) {
      core::reject_file(name, fmt::format("axis {} is {} long; at most 4,294,967,295 can be", axis,
                                          array.shape[axis]));
    }
    return static_cast<std::uint32_t>(array.shape[axis]);
  };
  switch (array.shape.size()) {
    case 2:
      return {1, 1, extent(1)};
    case 3:
      return {extent(1), extent(2), 1};
    case 4:
      if (layout == NpyLayout::nhwc) return {extent(1), extent(2), extent(3)};
      return {extent(2), extent(3), extent(1)};
    default:
      core::reject_file(
          name, fmt::format("has shape ({}); images are N x H x W x C, N x C x H x W or N x H x "
                            "W, feature vectors N x F",
                            fmt::join(array.shape, ", ")));
  }
}

template <typename T>
std::vector<T> channels_last(std::span<const T> planes, const ImageShape& shape) {
  const std::size_t area = std::size_t{shape.height} * shape.width;
  std::vector<T> pixels(planes.size());
  std::size_t to = 0;
  for (std::size_t image = 0; image < planes.size(); image += area * shape.channels) {
    for (std::size_t at = 0; at < area; ++at) {
      for (std::size_t c = 0; c < shape.channels; ++c) {
        pixels[to++] = planes[image + c * area + at];
      }
    }
  }
  return pixels;
}

template <typename T>
std::vector<T> pixels_of(const core::NpyArray& array, NpyLayout layout, const ImageShape& shape) {
  const std::span<const T> elements = array.as<T>();
  const bool planes = array.shape.size() == 4 && layout == NpyLayout::nchw;
  if (planes) return channels_last(elements, shape);
  return {elements.begin(), elements.end()};
}

void set_pixels(const core::NpyArray& array, NpyLayout layout, Dataset& dataset) {
  dataset.shape = shape_of(array, layout, dataset.name);
  if (array.type == core::ElementType::u8) {
    dataset.byte_pixels = pixels_of<std::uint8_t>(array, layout, dataset.shape);
  } else if (array.type == core::ElementType::f32) {
    dataset.float_pixels = pixels_of<float>(array, layout, dataset.shape);
  } else {
    core::reject_file(dataset.name,
                      fmt::format("holds '{}' where '|u1' or '<f4' is wanted; convert with "
                                  "array.astype('<f4')",
                                  core::npy_type_name(array.type)));
  }
}

}  // namespace

Dataset read_npy_pair(const std::filesystem::path& images, const std::filesystem::path& labels,
                      NpyLayout layout, std::uint32_t num_classes) {
  const core::NpyArray image_array = core::read_npy(images);
  const core::NpyArray label_array = core::read_npy(labels);
  Dataset dataset;
  dataset.name = images.string();
  set_pixels(image_array, layout, dataset);
  if (label_array.shape.size() != 1) {
    core::reject_file(
        labels.string(),
        fmt::format("has shape ({}); labels have one number per sample, flatten them with "
                    "array.ravel()",
                    fmt::join(label_array.shape, ", ")));
  }
  require_equal_counts(image_array.shape[0], images.string(), label_array.shape[0],
                       labels.string());
  const auto numbers = core::npy_integers(label_array, labels.string());
  dataset.class_names = numbered_classes(count_classes(numbers, num_classes, labels.string()));
  dataset.labels.assign(numbers.begin(), numbers.end());
  dataset.stored_bytes_per_sample =
      static_cast<double>(std::filesystem::file_size(images) + std::filesystem::file_size(labels)) /
      static_cast<double>(numbers.size());
  return finish_dataset(std::move(dataset));
}

}  // namespace edgeprune::data
