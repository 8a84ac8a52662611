#pragma once
// A first convolution that starts from the device's own images instead of random weights.
//
//   nn::Model model = nn::initial_model(network, seed);
//   start_first_layer(model, {.network = network, .network_name = "cnn", .train = train,
//                             .normalisation = data::normalisation_of(train), .seed = seed});
//
// Its filters become the leading principal components of patches of the images, the directions in
// which neighbouring pixels vary most, and their negatives, since a ReLU lets only one side of each
// through (the first layer of Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv
// 2404.00498; Chan et al., "PCANet", arXiv 1404.3606). Each filter keeps the norm of the random one
// in whose place it comes, so that the directions alone change: whitening would make those of
// little variance the longest. Costs less than a few forward passes.

#include "edgeprune/data/dataset.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"

#include <cstdint>
#include <string_view>

namespace edgeprune::train {

enum class FirstLayer {
  random,  // as every other layer
  principal_components,
};

struct FirstLayerSource {
  const nn::Network& network;
  std::string_view network_name;  // for messages
  const data::Dataset& train;
  const data::Normalisation& normalisation;
  std::uint64_t seed = 0;
};

/// The patches of the covariance: so many in all, from at most so many images drawn at random,
/// equally many from each.
inline constexpr std::uint32_t kFirstLayerPatches = 6000;
inline constexpr std::uint32_t kFirstLayerImages = 300;
/// The values of a patch at most (kernel height x width x channels).
inline constexpr std::size_t kLargestPatch = 512;

/// Writes over the weights of the first convolution in `model`: of its K filters the first n are
/// the components by falling variance, the next n their negatives, where n is K/2 or the number of
/// directions in which patches vary, if that is less; what is left stays as it was. A function of
/// its arguments alone. An Error of kind config where the network's first operation is no
/// convolution, or one of more than kLargestPatch values.
void start_first_layer(nn::Model& model, const FirstLayerSource& source);

}  // namespace edgeprune::train
