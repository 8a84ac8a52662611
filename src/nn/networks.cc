#include "edgeprune/nn/networks.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace edgeprune::nn {
namespace {

// One row per network: adding one adds its function above and its row here.
struct NetworkRow {
  std::string_view name;
  Network (*build)(const NetworkOptions&, const Shape&, std::uint32_t num_classes);
};

constexpr NetworkRow kNetworks[] = {
    {"cnn", [](const NetworkOptions&, const Shape& input,
               std::uint32_t num_classes) { return cnn(input, num_classes); }},
    {"mlp",
     [](const NetworkOptions& options, const Shape& input, std::uint32_t num_classes) {
       return mlp(input, options.hidden_sizes, num_classes);
     }},
    {"mobilenet_v2",
     [](const NetworkOptions& options, const Shape& input, std::uint32_t num_classes) {
       return mobilenet_v2(input,
                           {.width_multiplier = options.width_multiplier, .stem = options.stem},
                           num_classes);
     }},
    {"resnet18",
     [](const NetworkOptions& options, const Shape& input, std::uint32_t num_classes) {
       return resnet(input, {.blocks = {2, 2, 2, 2}, .stem = options.stem}, num_classes);
     }},
    {"resnet34",
     [](const NetworkOptions& options, const Shape& input, std::uint32_t num_classes) {
       return resnet(input, {.blocks = {3, 4, 6, 3}, .stem = options.stem}, num_classes);
     }},
};

// A convolution without bias, its batch norm and, where asked for, ReLU6: torchvision's
// Conv2dNormActivation, whose two parts are called PREFIX.0 and PREFIX.1.
enum class Clamp { none, relu6 };
Value pointwise_block(Network& net, const std::string& convolution, const std::string& norm,
                      Value x, std::uint32_t out_channels, Clamp clamp) {
  x = net.batch_norm(norm, net.convolution(convolution, x, {.out_channels = out_channels}));
  return clamp == Clamp::relu6 ? net.relu6(x) : x;
}

// Rounds to a multiple of 8 that is no more than 10 % below, as the MobileNets' authors do.
std::uint32_t scaled_channels(std::uint32_t channels, float width_multiplier) {
  constexpr std::uint32_t kDivisor = 8;
  const double scaled = static_cast<double>(channels) * double{width_multiplier};
  auto rounded =
      std::max(kDivisor, static_cast<std::uint32_t>(scaled + kDivisor / 2.0) / kDivisor * kDivisor);
  if (rounded < 0.9 * scaled) rounded += kDivisor;
  return rounded;
}

struct InvertedResidual {
  std::uint32_t expansion;
  std::uint32_t out_channels;
  std::uint32_t stride;
};

// Expand (1x1), filter (depthwise 3x3), project (1x1, no ReLU6); the input is added where the shape
// allows. Without expansion the first convolution is left out and the names move up by one.
Value inverted_residual(Network& net, const std::string& prefix, Value x,
                        const InvertedResidual& block) {
  const std::uint32_t in_channels = net.shape(x).channels;
  Value y = x;
  int part = 0;
  const auto name = [&](const char* suffix) {
    return prefix + ".conv." + std::to_string(part) + suffix;
  };
  if (block.expansion != 1) {
    y = pointwise_block(net, name(".0"), name(".1"), y, in_channels * block.expansion,
                        Clamp::relu6);
    ++part;
  }
  y = net.depthwise(name(".0"), y, {.kernel = 3, .stride = block.stride, .padding = 1});
  y = net.relu6(net.batch_norm(name(".1"), y));
  ++part;
  const std::string projection = name("");
  ++part;
  y = pointwise_block(net, projection, name(""), y, block.out_channels, Clamp::none);
  return block.stride == 1 && in_channels == block.out_channels ? net.add(x, y) : y;
}

Value resnet_block(Network& net, const std::string& prefix, Value x, std::uint32_t channels,
                   std::uint32_t stride) {
  Value shortcut = x;
  Value y =
      net.convolution(prefix + ".conv1", x,
                      {.out_channels = channels, .kernel = 3, .stride = stride, .padding = 1});
  y = net.relu(net.batch_norm(prefix + ".bn1", y));
  y = net.convolution(prefix + ".conv2", y, {.out_channels = channels, .kernel = 3, .padding = 1});
  y = net.batch_norm(prefix + ".bn2", y);
  if (net.shape(x) != net.shape(y)) {
    shortcut = net.convolution(prefix + ".downsample.0", x,
                               {.out_channels = channels, .kernel = 1, .stride = stride});
    shortcut = net.batch_norm(prefix + ".downsample.1", shortcut);
  }
  return net.relu(net.add(y, shortcut));
}

// In double: a product of two layer widths may pass 2^64.
void require_reasonable_size(const std::string& name, const Network& network) {
  constexpr double kMaxParameters = 1e9;
  double parameters = 0;
  for (const Operation& operation : network.operations()) {
    if (operation.kind != OperationKind::convolution) continue;
    const Shape& in = network.operations()[operation.inputs[0]].shape;
    parameters += 1.0 * operation.shape.channels * in.channels * operation.kernel.height *
                  operation.kernel.width;
  }
  if (parameters > kMaxParameters) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{} has {:.3g} parameters with these options; a network may have "
                                  "{:.0g}",
                                  name, parameters, kMaxParameters));
  }
}

}  // namespace

Network cnn(const Shape& input, std::uint32_t num_classes) {
  Network net(input);
  const auto block = [&net](int number, Value x, std::uint32_t channels) {
    const std::string suffix = std::to_string(number);
    x = net.convolution("conv" + suffix, x, {.out_channels = channels, .kernel = 3, .padding = 1});
    return net.relu(net.batch_norm("bn" + suffix, x));
  };
  Value x = net.max_pool(block(1, net.input(), 32));
  x = net.max_pool(block(2, x, 64));
  x = block(3, x, 128);
  net.set_output(net.linear("fc", net.global_average_pool(x), num_classes));
  return net;
}

Network mlp(const Shape& input, const std::vector<std::uint32_t>& hidden_sizes,
            std::uint32_t num_classes) {
  Network net(input);
  Value x = net.input();
  int number = 1;
  for (const std::uint32_t size : hidden_sizes) {
    x = net.relu(net.linear("fc" + std::to_string(number++), x, size));
  }
  net.set_output(net.linear("fc" + std::to_string(number), x, num_classes));
  return net;
}

Network mobilenet_v2(const Shape& input, const MobileNetV2Options& options,
                     std::uint32_t num_classes) {
  const bool small = options.stem == Stem::small_image;
  struct Group {
    std::uint32_t expansion, channels, repeats, stride;
  };
  const Group groups[] = {{1, 16, 1, 1}, {6, 24, 2, small ? 1u : 2u},
                          {6, 32, 3, 2}, {6, 64, 4, 2},
                          {6, 96, 3, 1}, {6, 160, 3, 2},
                          {6, 320, 1, 1}};
  const auto scaled = [&](std::uint32_t channels) {
    return scaled_channels(channels, options.width_multiplier);
  };
  Network net(input);
  Value x = net.convolution(
      "features.0.0", net.input(),
      {.out_channels = scaled(32), .kernel = 3, .stride = small ? 1u : 2u, .padding = 1});
  x = net.relu6(net.batch_norm("features.0.1", x));
  int feature = 1;
  for (const Group& group : groups) {
    for (std::uint32_t i = 0; i < group.repeats; ++i) {
      x = inverted_residual(net, "features." + std::to_string(feature++), x,
                            {.expansion = group.expansion,
                             .out_channels = scaled(group.channels),
                             .stride = i == 0 ? group.stride : 1});
    }
  }
  const std::string last = "features." + std::to_string(feature);
  // The last layer never shrinks below 1280.
  const float last_width = std::max(options.width_multiplier, 1.0f);
  x = pointwise_block(net, last + ".0", last + ".1", x, scaled_channels(1280, last_width),
                      Clamp::relu6);
  net.set_output(net.linear("classifier.1", net.global_average_pool(x), num_classes));
  return net;
}

Network resnet(const Shape& input, const ResNetOptions& options, std::uint32_t num_classes) {
  Network net(input);
  const bool small = options.stem == Stem::small_image;
  Value x = net.convolution(
      "conv1", net.input(),
      small ? ConvolutionOptions{.out_channels = options.channels, .kernel = 3, .padding = 1}
            : ConvolutionOptions{
                  .out_channels = options.channels, .kernel = 7, .stride = 2, .padding = 3});
  x = net.relu(net.batch_norm("bn1", x));
  if (!small) x = net.max_pool(x, {.window = 3, .stride = 2, .padding = 1});
  std::uint32_t channels = options.channels;
  for (std::size_t group = 0; group < options.blocks.size(); ++group, channels *= 2) {
    for (std::uint32_t i = 0; i < options.blocks[group]; ++i) {
      x = resnet_block(net, fmt::format("layer{}.{}", group + 1, i), x, channels,
                       i == 0 && group > 0 ? 2 : 1);
    }
  }
  net.set_output(net.linear("fc", net.global_average_pool(x), num_classes));
  return net;
}

std::vector<std::string_view> network_names() {
  std::vector<std::string_view> names;
  for (const NetworkRow& row : kNetworks) names.push_back(row.name);
  return names;
}

Network build_network(const NetworkOptions& options, const Shape& input,
                      std::uint32_t num_classes) {
  for (const NetworkRow& row : kNetworks) {
    if (row.name != options.name) continue;
    Network network = row.build(options, input, num_classes);
    require_reasonable_size(options.name, network);
    return network;
  }
  throw core::Error(core::ErrorKind::config,
                    fmt::format("model.network is \"{}\"; it must be one of {}", options.name,
                                fmt::join(network_names(), ", ")));
}

}  // namespace edgeprune::nn
