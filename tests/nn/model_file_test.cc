#include "edgeprune/nn/model_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/safetensors.h"
#include "edgeprune/nn/networks.h"

#include "nn/network_fixture.h"
#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace edgeprune::nn {
namespace {

using core::ErrorKind;
using edgeprune::testing::expect_error;
using edgeprune::testing::TempDirectory;
using testing::values_of;

const Network kCnn = cnn({.height = 8, .width = 8, .channels = 3}, 10);

Model lively_model(const Network& network) {
  Model model = initial_model(network, 5);
  testing::Draws draws(1);
  model.statistics = draws.uniform(model.statistics.size(), 0, 1);
  model.num_batches_tracked = 123;
  return model;
}

class ModelFile : public ::testing::Test {
 protected:
  // Writes a good model, changes the file, and expects an error that names file and part.
  template <typename Change>
  void expect_refused(std::initializer_list<std::string> parts, Change&& change) const {
    write_model(path, kCnn, lively_model(kCnn));
    core::SafetensorsFile file = core::read_safetensors(path);
    change(file);
    core::write_safetensors(path, file);
    expect_error(ErrorKind::data, {path.string()}, [&] { (void)read_model(path, kCnn); });
    expect_error(ErrorKind::data, parts, [&] { (void)read_model(path, kCnn); });
  }

  TempDirectory directory;
  std::filesystem::path path = directory / "model.safetensors";
};

TEST_F(ModelFile, WhatIsWrittenIsRead) {
  const Model model = lively_model(kCnn);
  write_model(path, kCnn, model, {{"seed", "5"}});
  const Model read = read_model(path, kCnn);
  EXPECT_EQ(read.parameters, model.parameters);
  EXPECT_EQ(read.statistics, model.statistics);
  EXPECT_EQ(read.num_batches_tracked, 123U);
  EXPECT_EQ(core::read_safetensors(path).metadata.at("seed"), "5");
  EXPECT_EQ(core::read_file(path), model_bytes(kCnn, model, {{"seed", "5"}}));
}

TEST_F(ModelFile, HoldsWhatAStateDictHolds) {
  write_model(path, kCnn, lively_model(kCnn));
  const core::SafetensorsFile file = core::read_safetensors(path);
  using Extents = std::vector<std::size_t>;
  // Three blocks of a weight and five of batch norm, and two of fc.
  EXPECT_EQ(file.tensors.size(), 3U * 6 + 2);
  EXPECT_EQ(file.at("conv2.weight").shape, (Extents{64, 32, 3, 3}));
  EXPECT_EQ(file.at("conv2.weight").type, core::ElementType::f32);
  EXPECT_EQ(file.at("bn3.running_mean").shape, (Extents{128}));
  EXPECT_EQ(file.at("bn3.num_batches_tracked").shape, (Extents{}));
  EXPECT_EQ(file.at("bn3.num_batches_tracked").as<std::int64_t>()[0], 123);
  EXPECT_EQ(file.at("fc.weight").shape, (Extents{10, 128}));
}

// Inside, a weight is kernel height x kernel width x in x out; in the file out x in x height x
// width, PyTorch's.
TEST_F(ModelFile, OrdersAConvolutionsWeightAsPytorchDoes) {
  Network net({.height = 2, .width = 3, .channels = 2});
  net.set_output(net.global_average_pool(
      net.convolution("conv", net.input(), {.out_channels = 3, .kernel = 2})));
  Model model = initial_model(net, 0);
  const auto inside = values_of(net, model, "conv.weight");
  for (std::size_t i = 0; i < inside.size(); ++i) inside[i] = static_cast<float>(i);
  write_model(path, net, model);
  const core::SafetensorsFile file = core::read_safetensors(path);
  const auto weight = file.at("conv.weight").as<float>();
  std::size_t at = 0;
  for (std::size_t out = 0; out < 3; ++out) {
    for (std::size_t in = 0; in < 2; ++in) {
      for (std::size_t y = 0; y < 2; ++y) {
        for (std::size_t x = 0; x < 2; ++x) {
          EXPECT_EQ(weight[at++], static_cast<float>(((y * 2 + x) * 2 + in) * 3 + out));
        }
      }
    }
  }
}

// PyTorch flattens an image as channels x height x width.
TEST_F(ModelFile, OrdersALinearLayerOverAnImageAsPytorchFlattensIt) {
  const Network net = mlp({.height = 2, .width = 3, .channels = 4}, {}, 2);
  Model model = initial_model(net, 0);
  const auto inside = values_of(net, model, "fc1.weight");
  for (std::size_t i = 0; i < inside.size(); ++i) inside[i] = static_cast<float>(i);
  write_model(path, net, model);
  const core::SafetensorsFile file = core::read_safetensors(path);
  const auto weight = file.at("fc1.weight").as<float>();
  std::size_t at = 0;
  for (std::size_t out = 0; out < 2; ++out) {
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t pixel = 0; pixel < 6; ++pixel) {
        EXPECT_EQ(weight[at++], static_cast<float>((pixel * 4 + c) * 2 + out));
      }
    }
  }
  EXPECT_EQ(read_model(path, net).parameters, model.parameters);
}

TEST_F(ModelFile, NumBatchesTrackedMayBeMissing) {
  write_model(path, kCnn, lively_model(kCnn));
  core::SafetensorsFile file = core::read_safetensors(path);
  for (const std::string name : {"bn1", "bn2", "bn3"}) {
    file.tensors.erase(name + ".num_batches_tracked");
  }
  core::write_safetensors(path, file);
  EXPECT_EQ(read_model(path, kCnn).num_batches_tracked, 0U);
}

TEST_F(ModelFile, AMissingTensorIsAnErrorThatNamesIt) {
  expect_refused({"'bn2.bias'"},
                 [](core::SafetensorsFile& file) { file.tensors.erase("bn2.bias"); });
}

TEST_F(ModelFile, AnExtraTensorIsAnErrorThatNamesIt) {
  expect_refused({"'conv4.weight'"}, [](core::SafetensorsFile& file) {
    file.add("conv4.weight", std::span<const float>(std::array{1.0f}), {1});
  });
}

TEST_F(ModelFile, AnotherShapeIsAnErrorThatNamesBoth) {
  expect_refused({"'fc.bias'", "(5, 2)", "(10)"}, [](core::SafetensorsFile& file) {
    file.tensors.at("fc.bias").shape = {5, 2};
  });
}

TEST_F(ModelFile, AnotherTypeIsAnErrorThatNamesTheTensor) {
  expect_refused({"'fc.bias'", "F32"}, [](core::SafetensorsFile& file) {
    file.add("fc.bias", std::span<const double>(std::vector<double>(10)), {10});
  });
}

TEST_F(ModelFile, AValueThatIsNoNumberIsAnErrorThatNamesTensorAndIndex) {
  const auto with = [](const std::string& name, std::size_t at, float value) {
    return [=](core::SafetensorsFile& file) {
      std::memcpy(file.tensors[name].bytes.data() + at * sizeof(float), &value, sizeof(float));
    };
  };
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  expect_refused({"'conv2.weight' holds nan at index 77", "finite"},
                 with("conv2.weight", 77, std::nanf("")));
  expect_refused({"'fc.bias' holds -inf at index 9"}, with("fc.bias", 9, -kInfinity));
  expect_refused({"'bn1.running_mean' holds inf at index 0"},
                 with("bn1.running_mean", 0, kInfinity));
  expect_refused({"'bn1.running_var' holds -1 at index 2", "a variance"},
                 with("bn1.running_var", 2, -1));
}

TEST_F(ModelFile, ACountOfBatchesThatCannotBeIsAnErrorThatNamesIt) {
  for (const std::int64_t count : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    expect_refused({"bn1.num_batches_tracked", std::to_string(count)},
                   [count](core::SafetensorsFile& file) {
                     file.add("bn1.num_batches_tracked", std::span(&count, 1), {});
                   });
  }
}

TEST_F(ModelFile, AFloatingCountOfBatchesIsAnErrorThatNamesIt) {
  expect_refused({"bn1.num_batches_tracked"}, [](core::SafetensorsFile& file) {
    file.add("bn1.num_batches_tracked", std::span<const float>(std::array{1.0f}), {});
  });
}

TEST_F(ModelFile, AnotherNetworksFileIsAnError) {
  write_model(path, kCnn, lively_model(kCnn));
  const Network grey = cnn({.height = 8, .width = 8, .channels = 1}, 10);
  expect_error(ErrorKind::data, {path.string(), "'conv1.weight'", "(32, 3, 3, 3)", "(32, 1, 3, 3)"},
               [&] { (void)read_model(path, grey); });
}

TEST_F(ModelFile, StartsWithANewHeadWhereOnlyTheClassesAreOthers) {
  const Network seven = cnn({.height = 8, .width = 8, .channels = 3}, 7);
  Model trained = lively_model(kCnn);
  write_model(path, kCnn, trained);
  Model initial = initial_model(seven, 3);
  StartingModel start = read_starting_model(path, seven, initial);
  EXPECT_EQ(start.replaced_classes, 10U);
  EXPECT_EQ(start.model.statistics, trained.statistics);
  EXPECT_EQ(start.model.num_batches_tracked, 123U);
  const auto same = [](std::span<const float> a, std::span<const float> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  };
  for (const char* name : {"conv1.weight", "bn2.bias", "conv3.weight"}) {
    EXPECT_TRUE(same(values_of(seven, start.model, name), values_of(kCnn, trained, name))) << name;
  }
  for (const char* name : {"fc.weight", "fc.bias"}) {
    EXPECT_TRUE(same(values_of(seven, start.model, name), values_of(seven, initial, name))) << name;
  }
}

TEST_F(ModelFile, StartsWithTheFilesHeadWhereTheClassesAreTheSame) {
  const Model trained = lively_model(kCnn);
  write_model(path, kCnn, trained);
  const StartingModel start = read_starting_model(path, kCnn, initial_model(kCnn, 3));
  EXPECT_EQ(start.replaced_classes, 0U);
  EXPECT_EQ(start.model.parameters, trained.parameters);
}

TEST_F(ModelFile, ToStartFromAnyOtherDifferenceIsAnErrorThatNamesTheTensor) {
  const Network seven = cnn({.height = 8, .width = 8, .channels = 3}, 7);
  const auto expect_refusal = [&](const std::string& tensor, auto&& change) {
    write_model(path, kCnn, lively_model(kCnn));
    core::SafetensorsFile file = core::read_safetensors(path);
    change(file);
    core::write_safetensors(path, file);
    expect_error(ErrorKind::data, {path.string(), "'" + tensor + "'"},
                 [&] { (void)read_starting_model(path, seven, initial_model(seven, 0)); });
  };
  expect_refusal("fc.weight", [](core::SafetensorsFile& file) {
    file.tensors.at("fc.bias").shape = {5, 2};
  });
  expect_refusal("fc.weight", [](core::SafetensorsFile& file) {
    file.tensors.at("fc.weight").shape = {5, 256};
  });
  expect_refusal("fc.weight", [](core::SafetensorsFile& file) { file.tensors.erase("fc.bias"); });
  expect_refusal("conv2.weight", [](core::SafetensorsFile& file) {
    file.tensors.at("conv2.weight").shape = {32, 64, 3, 3};
  });
}

TEST_F(ModelFile, AMissingFileIsAnIoError) {
  expect_error(ErrorKind::io, {path.string()}, [&] { (void)read_model(path, kCnn); });
}

RC_GTEST_PROP(ModelFileProperty, RoundTripsAnyNetwork, ()) {
  const auto dimension = [](std::uint32_t most) {
    return *rc::gen::inRange<std::uint32_t>(1, most + 1);
  };
  Network net({dimension(5), dimension(5), dimension(4)});
  Value x = net.convolution("a", net.input(), {.out_channels = dimension(5), .bias = true});
  x = net.batch_norm("b", x);
  net.set_output(net.linear("c", x, dimension(4)));
  const Model model = lively_model(net);
  const TempDirectory directory;
  write_model(directory / "m", net, model);
  const Model read = read_model(directory / "m", net);
  RC_ASSERT(read.parameters == model.parameters);
  RC_ASSERT(read.statistics == model.statistics);
}

}  // namespace
}  // namespace edgeprune::nn
