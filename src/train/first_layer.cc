#include "edgeprune/train/first_layer.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"

#include "principal_components.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::train {
namespace {

// Initial weights are drawn from this purpose's epoch 0.
constexpr std::uint32_t kImageDraws = 1;
constexpr std::uint32_t kPlaceDraws = 2;

[[noreturn]] void refuse(const std::string& reason) {
  throw core::Error(core::ErrorKind::config, "model.first_layer is \"pca\", but " + reason);
}

const nn::Operation& first_convolution(const FirstLayerSource& source) {
  const auto& operations = source.network.operations();
  const nn::Operation& first = operations[std::min<std::size_t>(1, operations.size() - 1)];
  if (first.kind != nn::OperationKind::convolution || first.is_linear) {
    refuse(fmt::format("the first layer of {} is {}; it must be a convolution", source.network_name,
                       first.layer));
  }
  const auto [height, width] = first.kernel;
  const std::uint32_t channels = operations.front().shape.channels;
  if (std::size_t{height} * width * channels > kLargestPatch) {
    refuse(
        fmt::format("a filter of {} in {} has {} x {} x {} values; components are made of at "
                    "most {}",
                    first.name, source.network_name, height, width, channels, kLargestPatch));
  }
  return first;
}

nn::TensorInfo weight_of(const nn::Network& network, const nn::Operation& operation) {
  const auto layout = nn::tensor_layout(network);
  return *std::ranges::find_if(layout, [&](const nn::TensorInfo& tensor) {
    return tensor.operation() == operation.name &&
           tensor.role == nn::TensorRole::convolution_weight;
  });
}

// Sums over patches, for their covariance.
class PatchSums {
 public:
  explicit PatchSums(std::size_t size) : sums_(size), products_(size * size) {}

  void add(std::span<const float> patch) {
    ++count_;
    for (std::size_t i = 0; i < patch.size(); ++i) {
      sums_[i] += patch[i];
      for (std::size_t j = 0; j <= i; ++j) {
        products_[i * patch.size() + j] += double{patch[i]} * patch[j];
      }
    }
  }

  [[nodiscard]] std::vector<double> covariance() const {
    const std::size_t size = sums_.size();
    std::vector<double> matrix(size * size);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const double value =
            products_[i * size + j] / count_ - sums_[i] / count_ * (sums_[j] / count_);
        matrix[i * size + j] = matrix[j * size + i] = value;
      }
    }
    return matrix;
  }

 private:
  std::vector<double> sums_;
  std::vector<double> products_;  // of i and j <= i
  double count_ = 0;
};

// Copies the patch whose corner is at (row, column). Where a kernel is larger than the image, what
// lies outside stays zero, as in the padding.
void copy_patch(std::span<const float> image, const data::ImageShape& shape, std::uint32_t row,
                std::uint32_t column, const nn::Extent& kernel, std::span<float> patch) {
  const std::size_t width = std::size_t{std::min(kernel.width, shape.width)} * shape.channels;
  for (std::uint32_t y = 0; y < std::min(kernel.height, shape.height); ++y) {
    const std::size_t from = (std::size_t{row + y} * shape.width + column) * shape.channels;
    std::ranges::copy(image.subspan(from, width),
                      patch.begin() + std::size_t{y} * kernel.width * shape.channels);
  }
}

std::vector<double> patch_covariance(const FirstLayerSource& source, const nn::Extent& kernel) {
  const data::ImageShape& shape = source.train.shape;
  const std::uint32_t images = std::min(source.train.num_samples(), kFirstLayerImages);
  const auto order = core::random_permutation(
      source.train.num_samples(),
      {.seed = source.seed, .purpose = core::Purpose::initialization, .epoch = kImageDraws});
  const auto places = [](std::uint32_t extent, std::uint32_t size) {
    return extent > size ? extent - size + 1 : 1;
  };
  std::vector<float> patch(std::size_t{kernel.height} * kernel.width * shape.channels);
  PatchSums sums(patch.size());
  data::Batch batch;
  for (const std::uint32_t sample : std::span(order).first(images)) {
    data::fill_batch(source.train, std::span(&sample, 1), {.normalisation = source.normalisation},
                     batch);
    core::RandomStream draws({.seed = source.seed,
                              .purpose = core::Purpose::initialization,
                              .epoch = kPlaceDraws,
                              .index = sample});
    for (std::uint32_t i = 0; i < kFirstLayerPatches / images; ++i) {
      const std::uint32_t row = draws.below(places(shape.height, kernel.height));
      const std::uint32_t column = draws.below(places(shape.width, kernel.width));
      copy_patch(batch.images, shape, row, column, kernel, patch);
      sums.add(patch);
    }
  }
  return sums.covariance();
}

// Filter `at` of a weight stored as patch values x filters.
class Filter {
 public:
  Filter(std::span<float> weight, std::size_t num_filters, std::size_t at)
      : weight_(weight), num_filters_(num_filters), at_(at) {}

  // Its direction becomes that of the unit vector, or the opposite; its norm stays.
  void turn_to(std::span<const double> direction, double sign) {
    const double length = sign * norm();
    for (std::size_t i = 0; i < direction.size(); ++i) {
      weight_[i * num_filters_ + at_] = static_cast<float>(length * direction[i]);
    }
  }

 private:
  [[nodiscard]] double norm() const {
    double squares = 0;
    for (std::size_t i = at_; i < weight_.size(); i += num_filters_) {
      squares += double{weight_[i]} * weight_[i];
    }
    return std::sqrt(squares);
  }

  std::span<float> weight_;
  std::size_t num_filters_;
  std::size_t at_;
};

}  // namespace

void start_first_layer(nn::Model& model, const FirstLayerSource& source) {
  const nn::Operation& first = first_convolution(source);
  const nn::TensorInfo info = weight_of(source.network, first);
  const auto weight = std::span(model.parameters).subspan(info.offset, info.size);
  const std::size_t size = info.size / info.out_channels;
  const auto directions =
      principal_components(patch_covariance(source, first.kernel), size).directions;
  const std::size_t count = std::min<std::size_t>(info.out_channels / 2, directions.size());
  for (std::size_t i = 0; i < count; ++i) {
    Filter(weight, info.out_channels, i).turn_to(directions[i], 1);
    Filter(weight, info.out_channels, count + i).turn_to(directions[i], -1);
  }
}

}  // namespace edgeprune::train
