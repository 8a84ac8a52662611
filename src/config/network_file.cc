#include "edgeprune/config/network_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/nearest_word.h"
#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace edgeprune::config {
namespace {

using toml_input::for_message;
using toml_input::kAboveZero;
using toml_input::kAny;
using toml_input::kNotEmpty;
using toml_input::Limits;
using toml_input::Table;
using toml_input::Value;

// Far beyond any device: what follows may multiply sizes without overflow.
constexpr double kMaxValues = 1e9;

constexpr Limits kCount = {"in [1, 65535]", [](double x) { return x >= 1 && x <= 65535; }};
constexpr Limits kPadding = {"in [0, 65535]", [](double x) { return x >= 0 && x <= 65535; }};
constexpr Limits kShare = {"in [0, 1]", [](double x) { return x >= 0 && x <= 1; }};

constexpr std::string_view kInput = "input";  // the network's, as a name

// One number, or [height, width].
std::string read_extent(const Value& value, const Limits& limits, nn::Extent& extent) {
  nn::Extent read = extent;
  std::string must_be;
  const std::vector<Value> pair = value.elements();
  if (!value.is_list()) {
    must_be = read_value(value, limits, read.height);
    read.width = read.height;
  } else if (pair.size() == 2) {
    must_be = read_value(pair[0], limits, read.height) + read_value(pair[1], limits, read.width);
  } else {
    must_be = "another length";
  }
  if (!must_be.empty()) return fmt::format("a whole number or [height, width], {}", limits.text);
  extent = read;
  return {};
}

// One [[layer]] of the file, whose values are read key by key.
class Layer {
 public:
  explicit Layer(const Value& value) : table_(value, "layer: ") {
    if (table_.read("type", kNotEmpty, type_))
      table_ = Table(value, "layer " + for_message(type_) + ": ");
    if (table_.read("name", kNotEmpty, name_))
      table_ = Table(value, "layer " + for_message(name_) + ": ");
  }

  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Table& table() const { return table_; }

  [[noreturn]] void reject(std::string_view complaint) const { table_.fail(complaint); }
  [[noreturn]] void reject(const std::string& place, std::string_view complaint) const {
    toml_input::fail(place, table_.name_of(complaint));
  }

  /// Sets `result` where the key is given.
  template <typename T>
  void read(std::string_view key, const Limits& limits, T& result) const {
    (void)table_.read(key, limits, result);
  }
  void read(std::string_view key, const Limits& limits, nn::Extent& extent) const {
    const std::optional<Value> given = table_.find(key);
    if (!given) return;
    const std::string must_be = read_extent(*given, limits, extent);
    if (!must_be.empty()) table_.reject(key, must_be);
  }

  template <typename T>
  void require(std::string_view key, const Limits& limits, T& result) const {
    (void)table_.get(key);
    read(key, limits, result);
  }

 private:
  Table table_;
  std::string type_;
  std::string name_;
};

// The network as it comes together. Layer i computes the value i + 1; 0 is the input.
struct NetworkDraft {
  nn::Network network;
  std::uint32_t num_classes;
  std::map<std::string, nn::Value, std::less<>> named = {};

  [[nodiscard]] nn::Value last() const {
    return {static_cast<std::uint32_t>(network.operations().size() - 1)};
  }

  [[nodiscard]] nn::Value named_value(const Layer& layer, std::string_view key,
                                      const std::string& name) const {
    if (name == kInput) return network.input();
    const auto found = named.find(name);
    if (found != named.end()) return found->second;
    std::vector<std::string_view> names = {kInput};
    for (const auto& [known, value] : named) names.push_back(known);
    layer.reject(layer.table().get(key).place(),
                 fmt::format("{} names \"{}\", which is no layer above this one{}", key,
                             for_message(name), core::did_you_mean(name, names)));
  }

  /// What the layer reads: the layer of its key `input`, else the one before it.
  [[nodiscard]] nn::Value input_of(const Layer& layer) const {
    std::string name;
    layer.read("input", kNotEmpty, name);
    return name.empty() ? last() : named_value(layer, "input", name);
  }
};

nn::Value append_convolution(const Layer& layer, NetworkDraft& draft) {
  nn::ConvolutionOptions options;
  layer.require("out_channels", kCount, options.out_channels);
  layer.require("kernel", kCount, options.kernel);
  layer.read("stride", kCount, options.stride);
  layer.read("padding", kPadding, options.padding);
  layer.read("bias", kAny, options.bias);
  return draft.network.convolution(layer.name(), draft.input_of(layer), options);
}

nn::Value append_depthwise(const Layer& layer, NetworkDraft& draft) {
  nn::DepthwiseOptions options;
  layer.require("kernel", kCount, options.kernel);
  layer.read("stride", kCount, options.stride);
  layer.read("padding", kPadding, options.padding);
  return draft.network.depthwise(layer.name(), draft.input_of(layer), options);
}

nn::Value append_batch_norm(const Layer& layer, NetworkDraft& draft) {
  nn::BatchNormOptions options;
  layer.read("epsilon", kAboveZero, options.epsilon);
  layer.read("momentum", kShare, options.momentum);
  return draft.network.batch_norm(layer.name(), draft.input_of(layer), options);
}

nn::Value append_relu(const Layer& layer, NetworkDraft& draft) {
  return draft.network.relu(draft.input_of(layer));
}

nn::Value append_relu6(const Layer& layer, NetworkDraft& draft) {
  return draft.network.relu6(draft.input_of(layer));
}

nn::Value append_max_pool(const Layer& layer, NetworkDraft& draft) {
  nn::MaxPoolOptions options;
  layer.require("kernel", kCount, options.window);
  options.stride = options.window;
  layer.read("stride", kCount, options.stride);
  layer.read("padding", kPadding, options.padding);
  return draft.network.max_pool(draft.input_of(layer), options);
}

nn::Value append_global_average_pool(const Layer& layer, NetworkDraft& draft) {
  return draft.network.global_average_pool(draft.input_of(layer));
}

nn::Value append_linear(const Layer& layer, NetworkDraft& draft) {
  std::uint32_t out_features = draft.num_classes;
  bool bias = true;
  layer.read("out_features", kCount, out_features);
  layer.read("bias", kAny, bias);
  return draft.network.linear(layer.name(), draft.input_of(layer), out_features, bias);
}

nn::Value append_add(const Layer& layer, NetworkDraft& draft) {
  std::vector<std::string> names;
  layer.require("inputs", kNotEmpty, names);
  if (names.size() != 2) {
    layer.reject(layer.table().get("inputs").place(),
                 fmt::format("inputs has {} names; an add has two", names.size()));
  }
  const nn::Value first = draft.named_value(layer, "inputs", names[0]);
  return draft.network.add(first, draft.named_value(layer, "inputs", names[1]));
}

// One row per type of layer: adding one adds its function above, its row here and its line in
// docs/networks.md.
struct LayerType {
  std::string_view name;
  bool is_named;  // it has tensors, which model files call by its name
  std::vector<std::string_view> keys;
  nn::Value (*append)(const Layer&, NetworkDraft&);
};

const std::vector<LayerType>& layer_types() {
  static const std::vector<LayerType> types = {
      {"convolution",
       true,
       {"input", "out_channels", "kernel", "stride", "padding", "bias"},
       append_convolution},
      {"depthwise", true, {"input", "kernel", "stride", "padding"}, append_depthwise},
      {"batch_norm", true, {"input", "epsilon", "momentum"}, append_batch_norm},
      {"relu", false, {"input"}, append_relu},
      {"relu6", false, {"input"}, append_relu6},
      {"max_pool", false, {"input", "kernel", "stride", "padding"}, append_max_pool},
      {"global_average_pool", false, {"input"}, append_global_average_pool},
      {"linear", true, {"input", "out_features", "bias"}, append_linear},
      {"add", false, {"inputs"}, append_add},
  };
  return types;
}

const LayerType& type_of(const Layer& layer) {
  std::vector<std::string_view> names;
  for (const LayerType& type : layer_types()) {
    if (type.name == layer.type()) return type;
    names.push_back(type.name);
  }
  const std::optional<Value> given = layer.table().find("type");
  toml_input::fail(layer.table().place(),
                   fmt::format("a layer's type is {}; it must be one of {}{}",
                               given ? given->for_message() : "missing", fmt::join(names, ", "),
                               core::did_you_mean(layer.type(), names)));
}

void check_keys(const Layer& layer, const LayerType& type) {
  std::vector<std::string_view> keys = {"type", "name"};
  keys.insert(keys.end(), type.keys.begin(), type.keys.end());
  for (const toml_input::Entry& entry : layer.table().entries()) {
    if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
    layer.reject(entry.place(),
                 fmt::format("{} is not a key of a layer of type {}{}", for_message(entry.key),
                             type.name, toml_input::hint(entry.key, keys, "its keys are")));
  }
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

void check_name(const Layer& layer, const LayerType& type, const NetworkDraft& draft) {
  const std::string& name = layer.name();
  if (name.empty()) {
    if (!type.is_named) return;
    layer.reject(
        fmt::format("it needs a name, such as name = \"{}1\", which its tensors are "
                    "called by in model files",
                    type.name));
  }
  const Value given = layer.table().get("name");
  if (!std::all_of(name.begin(), name.end(), is_name_character)) {
    toml_input::fail(layer.table().place(),
                     fmt::format("a layer's name is {}; it must be of letters, digits and _ - .",
                                 given.for_message()));
  }
  if (name == kInput || draft.named.contains(name)) {
    layer.reject(given.place(), "the name is taken; give each layer its own");
  }
}

double parameters_of(const nn::Network& network, const nn::Operation& operation) {
  if (operation.name.empty()) return 0;
  const double channels = operation.shape.channels;
  if (operation.kind == nn::OperationKind::batch_norm) return 2 * channels;
  const double read = operation.kind == nn::OperationKind::depthwise
                          ? 1
                          : network.operations()[operation.inputs[0]].shape.channels;
  return channels * (read * operation.kernel.height * operation.kernel.width + 1);
}

double values_of(const nn::Shape& shape) {
  return 1.0 * shape.height * shape.width * shape.channels;
}

void check_size(const Layer& layer, const nn::Network& network, double& parameters) {
  const nn::Operation& operation = network.operations().back();
  parameters += parameters_of(network, operation);
  if (values_of(operation.shape) > kMaxValues) {
    layer.reject(fmt::format("it computes {:.3g} values a sample; a layer may compute {:.0g}",
                             values_of(operation.shape), kMaxValues));
  }
  if (parameters > kMaxValues) {
    layer.reject(fmt::format("with it the network has {:.3g} parameters; it may have {:.0g}",
                             parameters, kMaxValues));
  }
}

// The engine would compute what nobody reads, and would have no gradient for it.
void require_readers(const std::vector<Layer>& layers, const nn::Network& network) {
  std::vector<bool> read(network.operations().size(), false);
  read.back() = true;
  for (const nn::Operation& operation : network.operations()) {
    for (const std::uint32_t id : operation.inputs) read[id] = true;
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (read[i + 1]) continue;
    layers[i].reject("no layer reads it; name it as another's input or leave it out");
  }
}

void finish(const std::vector<Layer>& layers, NetworkDraft& draft) {
  require_readers(layers, draft.network);
  draft.network.set_output(draft.last());
  if (draft.network.num_classes() == draft.num_classes) return;
  const Layer& last = layers.back();
  last.reject(
      fmt::format("the last layer computes {} values, the data have {} "
                  "classes; end in a linear layer without out_features",
                  draft.network.num_classes(), draft.num_classes));
}

// `action`, with the place of the layer before the message of an error of nn's.
template <typename Action>
void at_layer(const Layer& layer, Action&& action) {
  try {
    action();
  } catch (const toml_input::PlacedError&) {
    throw;
  } catch (const core::Error& error) {
    toml_input::fail(layer.table().place(), error.what());
  }
}

nn::Network build(const std::vector<Layer>& layers, const nn::Shape& input,
                  std::uint32_t num_classes) {
  NetworkDraft draft{.network = nn::Network(input), .num_classes = num_classes};
  double parameters = 0;
  for (const Layer& layer : layers) {
    const LayerType& type = type_of(layer);
    check_keys(layer, type);
    check_name(layer, type, draft);
    at_layer(layer, [&] {
      const nn::Value value = type.append(layer, draft);
      if (!layer.name().empty()) draft.named.emplace(layer.name(), value);
    });
    check_size(layer, draft.network, parameters);
  }
  at_layer(layers.back(), [&] { finish(layers, draft); });
  return std::move(draft.network);
}

toml_input::Document parse(std::string_view text, const std::string& file) {
  return toml_input::parse_document(text, file, {"a network", toml_input::kLargeFile});
}

std::vector<Layer> layers_of(const Table& root, const std::string& file) {
  for (const toml_input::Entry& entry : root.entries()) {
    if (entry.key == "layer") continue;
    toml_input::fail(
        entry.place(),
        fmt::format("{} is not a key of a network; it holds [[layer]] and nothing else",
                    for_message(entry.key)));
  }
  const std::optional<Value> list = root.find("layer");
  const std::vector<Value> values = list ? list->elements() : std::vector<Value>();
  if (values.empty()) {
    toml_input::fail(file,
                     "it has no layers; a network is a list of [[layer]], see docs/networks.md");
  }
  std::vector<Layer> layers;
  for (const Value& value : values) {
    if (!value.is_table()) {
      toml_input::fail(value.place(), "a layer must be a table, [[layer]]");
    }
    layers.emplace_back(value);
  }
  return layers;
}

}  // namespace

bool is_network_file(std::string_view network) {
  return network.ends_with(".toml");
}

bool describes_network(std::string_view toml) {
  try {
    return parse(toml, "").root().has("layer");
  } catch (const core::Error&) {
    return false;
  }
}

nn::Network read_network_file(const std::filesystem::path& path, const nn::Shape& input,
                              std::uint32_t num_classes) {
  return parse_network_file(core::read_file(path), path.string(), input, num_classes);
}

nn::Network parse_network_file(std::string_view toml, const std::string& name,
                               const nn::Shape& input, std::uint32_t num_classes) {
  const toml_input::Document document = parse(toml, name);
  return build(layers_of(document.root(), name), input, num_classes);
}

}  // namespace edgeprune::config
