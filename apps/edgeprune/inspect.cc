#include "edgeprune/nn/inspect.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/program.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/train/precision_choice.h"

#include "commands.h"
#include "output.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct InspectOptions {
  std::string model;
  std::string input;
  std::optional<std::uint32_t> classes;
  std::vector<std::string> overrides;  // --set, and the options that stand for one
  bool json = false;
};

struct Inspected {
  config::ResolvedConfig config;
  run::NetworkTask task;
};

nn::Shape parse_shape(const std::string& text) {
  constexpr std::uint32_t kLargestExtent = 1u << 16;
  nn::Shape shape;
  const char* at = text.data();
  const char* end = at + text.size();
  for (std::uint32_t* extent : {&shape.height, &shape.width, &shape.channels}) {
    const bool first = extent == &shape.height;
    if (!first && (at == end || *at++ != 'x')) break;
    const auto [next, error] = std::from_chars(at, end, *extent);
    if (error != std::errc() || *extent == 0 || *extent > kLargestExtent) break;
    at = next;
    if (extent == &shape.channels && at == end) return shape;
  }
  throw core::Error(core::ErrorKind::usage,
                    fmt::format("--input {}: write HEIGHTxWIDTHxCHANNELS, such as 32x32x3, each at "
                                "most {}",
                                core::printable(text), kLargestExtent));
}

// A run directory, or a model file in one.
std::optional<fs::path> run_directory_of(const std::string& model) {
  fs::path path = model;
  if (path.extension() == ".safetensors") path = fs::absolute(path).parent_path();
  if (!fs::is_directory(path)) return {};
  return path;
}

Inspected open_run(const fs::path& directory, const InspectOptions& options) {
  (void)run::read_run_config(directory);  // or says what is wrong with it
  config::Config config = config::read_config(directory / run::kConfigFile, options.overrides);
  config.run.directory = directory.string();
  return {config::resolve(config), run::network_task(config)};
}

Inspected open_model(const InspectOptions& options) {
  if (const auto directory = run_directory_of(options.model)) return open_run(*directory, options);
  const bool is_file = config::is_network_file(options.model);
  if (is_file && !config::describes_network(core::read_file(options.model))) {
    config::Config config = config::read_config(options.model, options.overrides);
    config.run.directory.clear();  // the file counts, not what a run once made of it
    if (!options.input.empty() && options.classes) return {config::resolve(config), {}};
    return {config::resolve(config), run::network_task(config)};
  }
  config::Config config = config::read_config("", options.overrides);
  config.model.network = options.model;
  return {config::resolve(config), {{.height = 32, .width = 32, .channels = 3}, 10}};
}

std::string field_text(const config::Config& config, std::string_view key) {
  for (const config::ConfigField& field : config::config_fields()) {
    if (field.key != key) continue;
    const std::string quoted = field.value(config);
    return quoted.substr(1, quoted.size() - 2);
  }
  return {};
}

std::string shape_text(const nn::Shape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

// Another machine may be meant, so bf16 is predicted where this CPU lacks it, too.
nn::Precision precision_of(const config::Config& config) {
  if (config.train.precision == train::WantedPrecision::bf16) return nn::Precision::bf16;
  return train::choose_precision(config.train.precision, nn::is_available(nn::Precision::bf16),
                                 nn::simd_target())
      .precision;
}

class Report {
 public:
  explicit Report(const Inspected& inspected)
      : resolved_(inspected.config),
        task_(inspected.task),
        network_(run::build_run_network(config_, task_.input, task_.num_classes)),
        precision_(precision_of(config_)),
        layers_(
            nn::layer_costs(network_, {.freeze = config_.model.freeze, .precision = precision_})),
        memory_(nn::training_memory(network_, {.batch_size = config_.train.batch_size,
                                               .optimizer = config_.train.optimizer,
                                               .freeze = config_.model.freeze,
                                               .precision = precision_})),
        keep_(program_memory(false)),
        recompute_(program_memory(true)),
        update_flops_(nn::update_flops(config_.train.optimizer, network_, config_.model.freeze)) {}

  [[nodiscard]] std::string table() const {
    std::size_t width = 5;
    for (const nn::LayerCost& layer : layers_) {
      width = std::max(width, core::printable(layer.name).size());
    }
    std::string text =
        fmt::format("{} for {} and {} classes\n\n", core::printable(run::network_name(config_)),
                    shape_text(task_.input), task_.num_classes);
    text +=
        fmt::format("{:<{}} {:<19} {:>13} {:>11} {:>14} {:>14} {:>16}\n", "layer", width, "kind",
                    "output", "parameters", "forward FLOPs", "backward FLOPs", "activation bytes");
    for (const nn::LayerCost& layer : layers_) {
      text += fmt::format("{:<{}} {:<19} {:>13} {:>11} {:>14} {:>14} {:>16}\n",
                          core::printable(layer.name), width, layer.kind, shape_text(layer.output),
                          core::format_count(layer.parameters), count(layer.forward_flops),
                          count(layer.backward_flops), core::format_count(layer.activation_bytes));
    }
    return text + totals();
  }

  [[nodiscard]] Json json() const {
    Json json = {{"kind", "predicted"},
                 {"network", run::network_name(config_)},
                 {"input",
                  {{"height", task_.input.height},
                   {"width", task_.input.width},
                   {"channels", task_.input.channels}}},
                 {"classes", task_.num_classes},
                 {"batch_size", config_.train.batch_size},
                 {"optimizer", field_text(config_, "train.optimizer")},
                 {"freeze", field_text(config_, "model.freeze")},
                 {"precision", nn::name_of(precision_)},
                 {"threads", config_.run.threads}};
    for (const nn::LayerCost& layer : layers_) {
      Json inputs = Json::array();
      for (const nn::Shape& shape : layer.inputs) inputs.push_back(shape_json(shape));
      json["layers"].push_back({{"name", layer.name},
                                {"kind", layer.kind},
                                {"inputs", inputs},
                                {"output", shape_json(layer.output)},
                                {"parameters", layer.parameters},
                                {"forward_flops", layer.forward_flops},
                                {"backward_flops", layer.backward_flops},
                                {"activation_bytes", layer.activation_bytes}});
    }
    json["parameters"] = nn::num_parameters(network_);
    json["flops_per_sample"] = {{"forward", network_.forward_flops_per_sample()},
                                {"backward", backward_flops()},
                                {"total", network_.forward_flops_per_sample() + backward_flops()}};
    json["update_flops"] = update_flops_;
    json["bytes"] = {{"parameters", memory_.parameter_bytes},
                     {"statistics", memory_.statistics_bytes},
                     {"gradients", memory_.gradient_bytes},
                     {"optimizer", memory_.optimizer_bytes},
                     {"activations", memory_.activation_bytes}};
    json["engine_bytes"] = {{"keep", engine_json(keep_)}, {"recompute", engine_json(recompute_)}};
    return json;
  }

 private:
  static std::string count(double flops) {
    return core::format_count(static_cast<std::uint64_t>(flops));
  }

  // As a run would make its program: batches may be larger by one.
  [[nodiscard]] nn::ProgramMemory program_memory(bool recompute) const {
    return nn::program_memory(
        network_,
        {.max_batch = core::BatchPlan::largest_batch(config_.train.batch_size),
         .precision = precision_,
         .recompute = recompute,
         .freeze = config_.model.freeze},
        static_cast<int>(config_.run.threads));
  }

  static Json shape_json(const nn::Shape& shape) {
    return {shape.height, shape.width, shape.channels};
  }

  static Json engine_json(const nn::ProgramMemory& memory) {
    return {{"arena", memory.arena_bytes}, {"scratch", memory.scratch_bytes}};
  }

  [[nodiscard]] double backward_flops() const {
    return network_.backward_flops_per_sample(config_.model.freeze);
  }

  // What Muon's products add to a step.
  [[nodiscard]] std::string update_text() const {
    if (update_flops_ == 0) return {};
    const double samples =
        config_.train.batch_size * (network_.forward_flops_per_sample() + backward_flops());
    return fmt::format("Muon         {} FLOPs an update: {:.1f} % of a step of {}\n",
                       count(update_flops_), 100 * update_flops_ / (samples + update_flops_),
                       config_.train.batch_size);
  }

  [[nodiscard]] std::string totals() const {
    const auto bytes = [](std::size_t n) { return core::format_bytes(static_cast<double>(n)); };
    const double forward = network_.forward_flops_per_sample();
    return fmt::format(
        "\nparameters   {}\n"
        "c(theta)     {} FLOPs a sample: {} forward, {} backward\n"
        "{}"
        "memory       parameters {}, statistics {}, gradients {}, {} {},\n"
        "             activations {} for a batch of {}\n"
        "engine       keep: activations and their gradients {}, scratch {}\n"
        "             recompute: {}, scratch {}; both {}, {} thread{}\n"
        "All numbers are predicted, from the description. Activations: what the forward pass "
        "stores "
        "for the\nbackward pass; batch norms and ReLUs store nothing.\n",
        core::format_count(nn::num_parameters(network_)), count(forward + backward_flops()),
        count(forward), count(backward_flops()), update_text(), bytes(memory_.parameter_bytes),
        bytes(memory_.statistics_bytes), bytes(memory_.gradient_bytes),
        field_text(config_, "train.optimizer"), bytes(memory_.optimizer_bytes),
        bytes(memory_.activation_bytes), config_.train.batch_size, bytes(keep_.arena_bytes),
        bytes(keep_.scratch_bytes), bytes(recompute_.arena_bytes), bytes(recompute_.scratch_bytes),
        nn::name_of(precision_), config_.run.threads, config_.run.threads == 1 ? "" : "s");
  }

  config::ResolvedConfig resolved_;
  const config::Config& config_ = *resolved_;
  run::NetworkTask task_;
  nn::Network network_;
  nn::Precision precision_;
  std::vector<nn::LayerCost> layers_;
  nn::TrainingMemory memory_;
  nn::ProgramMemory keep_;
  nn::ProgramMemory recompute_;
  double update_flops_;
};

void inspect(const InspectOptions& options) {
  Inspected inspected = open_model(options);
  if (!options.input.empty()) inspected.task.input = parse_shape(options.input);
  if (options.classes) inspected.task.num_classes = *options.classes;
  const Report report(inspected);
  print(options.json ? core::json_text(report.json(), "the report", 2) + "\n" : report.table());
}

}  // namespace

void add_inspect(CLI::App& app) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand(
      "inspect", "Print a network layer by layer: shapes, parameters, work and memory");
  command
      ->add_option("model", options->model,
                   "A network's name, a network file or configuration (TOML), or a run directory")
      ->required();
  command->add_option("--input", options->input,
                      "Samples, as HEIGHTxWIDTHxCHANNELS; 32x32x3 where there are no data to ask");
  command->add_option("--classes", options->classes, "Classes; 10 where there are no data to ask")
      ->check(CLI::Range(1U, 1000000U));
  const auto add_field = [&](const char* option, const char* key, const char* description) {
    command->add_option_function<std::string>(
        option,
        [options, key](const std::string& value) {
          options->overrides.push_back(fmt::format("{}={}", key, value));
        },
        description);
  };
  add_field("--width-multiplier", "model.width_multiplier", "As model.width_multiplier");
  add_field("--stem", "model.stem", "As model.stem");
  add_field("--freeze", "model.freeze", "As model.freeze");
  add_field("--batch-size", "train.batch_size", "As train.batch_size");
  add_field("--precision", "train.precision", "As train.precision");
  add_field("--threads", "run.threads", "As run.threads");
  add_field("--optimizer", "train.optimizer", "As train.optimizer");
  command
      ->add_option_function<std::vector<std::string>>(
          "--set",
          [options](const std::vector<std::string>& given) {
            options->overrides.insert(options->overrides.end(), given.begin(), given.end());
          },
          "Set any other field; may be given several times")
      ->type_name("SECTION.KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--json", options->json, "Print it as JSON");
  command->callback([options] { inspect(*options); });
}

}  // namespace edgeprune::cli
