#include "edgeprune/train/first_layer.h"

#include "edgeprune/core/random.h"
#include "edgeprune/nn/networks.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace edgeprune::train {
namespace {

using core::ErrorKind;
using testing::expect_error;

struct FirstConvolution {
  std::uint32_t filters = 8;
  nn::Extent kernel = 3;
  std::uint32_t padding = 1;
};

nn::Network network_with(const nn::Shape& input, const FirstConvolution& first) {
  nn::Network net(input);
  nn::Value x = net.convolution(
      "stem", net.input(),
      {.out_channels = first.filters, .kernel = first.kernel, .padding = first.padding});
  x = net.relu(net.batch_norm("bn", x));
  net.set_output(net.linear("fc", net.global_average_pool(x), 2));
  return net;
}

data::Dataset float_dataset(const data::ImageShape& shape, std::vector<float> pixels) {
  data::Dataset dataset;
  dataset.name = "made";
  dataset.shape = shape;
  dataset.class_names = {"0", "1"};
  for (std::size_t i = 0; i < pixels.size() / shape.num_values(); ++i) {
    dataset.labels.push_back(static_cast<std::int32_t>(i % 2));
  }
  dataset.float_pixels = std::move(pixels);
  return data::finish_dataset(std::move(dataset));
}

// Images whose neighbouring pixels are alike, of three channels.
data::Dataset smooth_images(std::uint32_t count) {
  const data::ImageShape shape{8, 8, 3};
  core::RandomStream draws({.seed = 4});
  std::vector<float> pixels;
  for (std::uint32_t image = 0; image < count; ++image) {
    float value = draws.uniform();
    for (std::size_t i = 0; i < shape.num_values(); ++i) {
      value = 0.7f * value + draws.uniform();
      pixels.push_back(value);
    }
  }
  return float_dataset(shape, std::move(pixels));
}

nn::Model started(const nn::Network& network, const data::Dataset& train, std::uint64_t seed) {
  nn::Model model = nn::initial_model(network, seed);
  const data::Normalisation normalisation = data::normalisation_of(train);
  start_first_layer(model, {.network = network,
                            .network_name = "own",
                            .train = train,
                            .normalisation = normalisation,
                            .seed = seed});
  return model;
}

// The first convolution's filters, each in the order of a patch.
std::vector<std::vector<double>> filters_of(const nn::Network& network, const nn::Model& model) {
  const nn::TensorInfo info = nn::tensor_layout(network).front();
  std::vector<std::vector<double>> filters(info.out_channels);
  for (std::size_t i = 0; i < info.size; ++i) {
    filters[i % info.out_channels].push_back(model.parameters[info.offset + i]);
  }
  return filters;
}

double inner(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  return inner(a, b) / std::sqrt(inner(a, a) * inner(b, b));
}

// Signals of two values, each the whole patch: (3, 3), (-3, -3), (1, -1), (-1, 1). Their covariance
// is [[5, 4], [4, 5]]: 9 along (1, 1), 1 along (1, -1). Both values have mean 0 and deviation
// sqrt(5) over one channel, so normalisation scales alike.
TEST(FirstLayer, IsTheComponentsWorkedOutByHandAndTheirNegatives) {
  const data::Dataset train = float_dataset({1, 2, 1}, {3, 3, -3, -3, 1, -1, -1, 1});
  const nn::Network network =
      network_with(train.shape, {.filters = 4, .kernel = {1, 2}, .padding = 0});
  const auto filters = filters_of(network, started(network, train, 5));
  EXPECT_NEAR(cosine(filters[0], {1, 1}), 1, 1e-12);
  EXPECT_NEAR(std::abs(cosine(filters[1], {1, -1})), 1, 1e-12);
  EXPECT_NEAR(cosine(filters[2], {1, 1}), -1, 1e-12);
  EXPECT_NEAR(cosine(filters[1], filters[3]), -1, 1e-12);
}

TEST(FirstLayer, HasOrthogonalDirectionsTheirNegativesAndTheNormsOfTheRandomStart) {
  const data::Dataset train = smooth_images(50);
  const nn::Network network = network_with(train.shape, {.filters = 16});
  const auto random = filters_of(network, nn::initial_model(network, 2));
  const auto filters = filters_of(network, started(network, train, 2));
  for (std::size_t a = 0; a < 8; ++a) {
    EXPECT_NEAR(cosine(filters[a], filters[8 + a]), -1, 1e-6);
    for (std::size_t b = 0; b < a; ++b) EXPECT_NEAR(cosine(filters[a], filters[b]), 0, 1e-6);
  }
  for (std::size_t k = 0; k < 16; ++k) {
    EXPECT_NEAR(inner(filters[k], filters[k]), inner(random[k], random[k]), 1e-6);
  }
}

// The variance of the patches along each filter falls; 8 x 8 images hold 36 patches of 3 x 3.
TEST(FirstLayer, TakesTheDirectionsInWhichPatchesVaryMost) {
  const data::Dataset train = smooth_images(200);
  const nn::Network network = network_with(train.shape, {.filters = 12});
  const auto filters = filters_of(network, started(network, train, 2));
  data::Batch batch;
  data::fill_batch(train, data::all_samples(train),
                   {.normalisation = data::normalisation_of(train)}, batch);
  const auto variance = [&](const std::vector<double>& filter) {
    double sum = 0;
    double squares = 0;
    for (std::size_t at = 0; at < batch.images.size() / 192; ++at) {
      for (std::size_t place = 0; place < 36; ++place) {
        const std::size_t corner = at * 192 + (place / 6) * 24 + place % 6 * 3;
        double value = 0;
        for (std::size_t i = 0; i < 27; ++i) {
          value += filter[i] * batch.images[corner + i / 9 * 24 + i % 9];
        }
        sum += value;
        squares += value * value;
      }
    }
    const double count = 36.0 * train.num_samples();
    return (squares / count - sum / count * (sum / count)) / inner(filter, filter);
  };
  for (std::size_t k = 1; k < 6; ++k) {
    // Of 6,000 of the 7,200 patches' places drawn, and no direction by chance far behind its next.
    EXPECT_GT(variance(filters[k - 1]), 0.9 * variance(filters[k])) << k;
  }
  const auto random = filters_of(network, nn::initial_model(network, 2));
  for (std::size_t k = 0; k < 12; ++k) EXPECT_GT(variance(filters[0]), variance(random[k]));
}

TEST(FirstLayer, IsAFunctionOfSeedAndImages) {
  const data::Dataset train = smooth_images(400);
  const nn::Network network = network_with(train.shape, {});
  const std::vector<float> once = started(network, train, 1).parameters;
  EXPECT_EQ(started(network, train, 1).parameters, once);
  EXPECT_NE(started(network, train, 2).parameters, once);
  EXPECT_NE(started(network, smooth_images(399), 1).parameters, once);
}

TEST(FirstLayer, LeavesEverythingElseAsItWas) {
  const data::Dataset train = smooth_images(20);
  const nn::Network network = network_with(train.shape, {});
  const nn::Model random = nn::initial_model(network, 1);
  const nn::Model model = started(network, train, 1);
  const std::size_t after = nn::tensor_layout(network)[1].offset;
  for (std::size_t i = after; i < random.parameters.size(); ++i) {
    EXPECT_EQ(model.parameters[i], random.parameters[i]);
  }
  EXPECT_EQ(model.statistics, random.statistics);
}

// Which of the filters differ from the random start.
std::vector<bool> replaced(const nn::Network& network, const data::Dataset& train) {
  const auto random = filters_of(network, nn::initial_model(network, 1));
  const auto filters = filters_of(network, started(network, train, 1));
  std::vector<bool> which;
  for (std::size_t k = 0; k < filters.size(); ++k) which.push_back(filters[k] != random[k]);
  return which;
}

TEST(FirstLayer, LeavesOneOfAnOddNumberOfFiltersRandom) {
  const data::Dataset train = smooth_images(20);
  EXPECT_EQ(replaced(network_with(train.shape, {.filters = 5}), train),
            (std::vector<bool>{true, true, true, true, false}));
}

// A patch of one value has one direction: where the random filters point does not matter to the
// first two.
TEST(FirstLayer, OfASingleValueIsItAndItsNegative) {
  const data::Dataset train = float_dataset({1, 4, 1}, {1, 2, 3, 4, 2, 5, 1, 0});
  const nn::Network network = network_with(train.shape, {.filters = 6, .kernel = 1, .padding = 0});
  auto expected = filters_of(network, nn::initial_model(network, 1));
  expected[0][0] = std::abs(expected[0][0]);
  expected[1][0] = -std::abs(expected[1][0]);
  EXPECT_EQ(filters_of(network, started(network, train, 1)), expected);
}

TEST(FirstLayer, LeavesFiltersRandomForWhichThereAreNoDirections) {
  // Three equal channels vary in one direction of three.
  const data::Dataset gray =
      float_dataset({1, 2, 3}, {1, 1, 1, 2, 2, 2, 3, 3, 3, 7, 7, 7, 0, 0, 0, 2, 2, 2});
  const nn::Network colours = network_with(gray.shape, {.filters = 4, .kernel = 1, .padding = 0});
  EXPECT_EQ(replaced(colours, gray), (std::vector<bool>{true, true, false, false}));
  const data::Dataset constant = float_dataset({1, 2, 1}, {4, 4, 4, 4});
  EXPECT_EQ(
      replaced(network_with(constant.shape, {.filters = 2, .kernel = 1, .padding = 0}), constant),
      (std::vector<bool>{false, false}));
}

TEST(FirstLayer, TakesAKernelLargerThanTheImageForPadding) {
  // Only the kernel's first row and column see the image of 1 x 1 x 2 in such a patch.
  const data::Dataset train = float_dataset({1, 1, 2}, {1, 0, 0, 1, -1, 0, 0, -1});
  const nn::Network network = network_with(train.shape, {.filters = 4, .kernel = 3});
  for (const auto& filter : filters_of(network, started(network, train, 1))) {
    for (std::size_t i = 2; i < 18; ++i) EXPECT_NEAR(filter[i], 0, 1e-12);
  }
}

TEST(FirstLayer, RefusesNetworksWithoutAConvolutionInFront) {
  const data::Dataset train = smooth_images(4);
  const nn::Network mlp = nn::mlp(train.shape, {8}, 2);
  expect_error(ErrorKind::config, {"model.first_layer", "own is linear", "a convolution"},
               [&] { started(mlp, train, 1); });
  nn::Network depthwise(train.shape);
  nn::Value x = depthwise.depthwise("dw", depthwise.input(), {.padding = 1});
  depthwise.set_output(depthwise.linear("fc", x, 2));
  expect_error(ErrorKind::config, {"own is depthwise"}, [&] { started(depthwise, train, 1); });
}

TEST(FirstLayer, RefusesPatchesOfMoreThan512Values) {
  const data::Dataset train = float_dataset({1, 2, 513}, std::vector<float>(4 * 513, 1.0f));
  const nn::Network network = network_with(train.shape, {.filters = 2, .kernel = 1, .padding = 0});
  expect_error(ErrorKind::config, {"stem in own", "1 x 1 x 513", "512"},
               [&] { started(network, train, 1); });
}

}  // namespace
}  // namespace edgeprune::train
