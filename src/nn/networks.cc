#include "edgeprune/nn/networks.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
};

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

std::vector<std::string_view> network_names() {
  std::vector<std::string_view> names;
  for (const NetworkRow& row : kNetworks) names.push_back(row.name);
  return names;
}

Network build_network(const NetworkOptions& options, const Shape& input,
                      std::uint32_t num_classes) {
  for (const NetworkRow& row : kNetworks) {
    if (row.name == options.name) return row.build(options, input, num_classes);
  }
  throw core::Error(core::ErrorKind::config,
                    fmt::format("model.network is \"{}\"; it must be one of {}", options.name,
                                fmt::join(network_names(), ", ")));
}

}  // namespace edgeprune::nn
