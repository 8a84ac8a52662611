#include "edgeprune/run/run_memory.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/units.h"

#include "strategy_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sys/resource.h>

namespace edgeprune::run {
namespace {

// Measured: what the other parts leave unexplained of a run's peak lay between 7 MB (mlp on images
// of one pixel: benchmarks/memory_vs_prediction --base) and 14 MB (resnet18: without --base).
constexpr std::uint64_t kBaseBytes = 11'000'000;

// Held per training sample beside the data set: a pass's samples, permutation, order and weights
// (16), an evaluation's losses and hits while they grow (15), scores and ranking (12).
constexpr std::uint64_t kBytesPerSample = 43;

// Windowed scores hold at most 10 visits, however many passes there are.
constexpr std::uint32_t kMaxPasses = 10;

std::uint64_t data_bytes(const RunData& data) {
  return data.train.num_bytes() + (data.test ? data.test->num_bytes() : 0) +
         kBytesPerSample * data.train.num_samples();
}

// A reader holds up to three times the data set: a file's content, what it decodes to, and the
// result.
std::uint64_t reading_bytes(const RunData& data) {
  constexpr std::uint64_t kCopies = 3;
  const std::uint64_t peak = kCopies * data.train.read_bytes;
  return peak - std::min(peak, data_bytes(data));
}

// The loader holds two whole batches.
std::uint64_t batch_bytes(const RunData& data, const train::TrainerOptions& options) {
  const std::uint64_t sample =
      sizeof(float) * data.train.shape.num_values() + 2 * sizeof(std::uint32_t);
  return 2 * sample * core::BatchPlan::largest_batch(options.batch_size);
}

std::uint64_t largest_tensor_bytes(const nn::Network& network) {
  std::size_t largest = 0;
  for (const nn::TensorInfo& info : nn::tensor_layout(network)) {
    largest = std::max(largest, info.size);
  }
  return sizeof(float) * largest;
}

std::uint64_t model_bytes(const nn::Network& network) {
  std::uint64_t floats = 0;
  for (const nn::TensorInfo& info : nn::tensor_layout(network)) floats += info.size;
  return sizeof(float) * floats;
}

train::TrainerOptions with(train::TrainerOptions options, const train::StepMemory& step) {
  options.recompute = step.recompute;
  options.micro_batch_size = step.micro_batch_size;
  return options;
}

}  // namespace

RunMemory predict_run_memory(const nn::Network& network, const RunData& data,
                             const train::TrainerOptions& options, int num_threads) {
  const nn::ProgramMemory program = nn::program_memory(
      train::networks_by_size(network, options), train::program_options(options), num_threads);
  const nn::OptimizerMemory optimizer =
      nn::optimizer_memory(options.optimizer, network, options.freeze);
  const std::uint64_t gradients = sizeof(float) * nn::num_parameters(network);
  return {.base = kBaseBytes,
          .data = data_bytes(data),
          .reading = reading_bytes(data),
          .batches = batch_bytes(data, options),
          .model = model_bytes(network),
          .gradients = options.is_split() ? 2 * gradients : gradients,
          .optimizer = optimizer.state_bytes + optimizer.scratch_bytes,
          .arena = program.arena_bytes,
          .scratch = program.scratch_bytes,
          .saving = largest_tensor_bytes(network)};
}

RunMemory selection_memory(const config::ResolvedConfig& config, const nn::Network& network,
                           const data::Dataset& dataset) {
  RunMemory memory;
  const auto counts = data::class_counts(dataset, data::all_samples(dataset));
  const std::uint64_t largest = *std::max_element(counts.begin(), counts.end());
  for (const select::Strategy* strategy : config::possible_strategies(*config)) {
    if (!strategy->needs_features) continue;
    const std::uint64_t pairs = std::min<std::uint64_t>(largest, strategy->pairs_of_samples);
    memory.selection = std::max(memory.selection,
                                sizeof(float) * (largest * network.num_features() + pairs * pairs));
  }
  if (!config::possible_strategies(*config).front()->warms_up) return memory;
  const score::ScoreSize size{.num_samples = dataset.num_samples(),
                              .num_classes = dataset.num_classes(),
                              .passes = kMaxPasses};
  std::uint64_t per_sample = sizeof(std::uint32_t);  // visits
  for (const std::string& column : config->score.columns) {
    per_sample += config->catalogues.score(column, "score.columns").bytes_per_sample(size);
  }
  memory.scores = per_sample * dataset.num_samples();
  return memory;
}

std::string ChosenMemory::text() const {
  std::string how = choice.step.recompute ? "few activations are kept, the rest computed again"
                                          : "every activation is kept";
  if (choice.mode == train::MemoryMode::accumulate) {
    how += fmt::format(", micro-batches of {}", choice.step.micro_batch_size);
  }
  return fmt::format("{} predicted; {}", core::format_bytes(static_cast<double>(predicted.total())),
                     how);
}

ChosenMemory choose_run_memory(const config::ResolvedConfig& config, const nn::Network& network,
                               const RunData& data, const train::TrainerOptions& options) {
  const RunMemory selection = selection_memory(config, network, data.train);
  const auto predict = [&](const train::StepMemory& step) {
    RunMemory memory = predict_run_memory(network, data, with(options, step),
                                          static_cast<int>(config->run.threads));
    memory.scores = selection.scores;
    // Beside the originals, which are evaluated too.
    if (reencodes(*config, *config::possible_strategies(*config).front())) {
      memory.data += data.train.num_bytes();
    }
    memory.selection = selection.selection;
    return memory;
  };
  const bool averages = network.has_batch_norm() && options.freeze == nn::Freeze::none;
  const train::MemoryChoice choice =
      train::choose_memory({.mode = config->train.memory,
                            .limit_bytes = config->limits.memory_bytes.count,
                            .batch_size = options.batch_size,
                            .micro_batch_size = config->train.micro_batch_size,
                            .min_micro_batch = averages ? 2u : 1u},
                           [&](const train::StepMemory& step) { return predict(step).total(); });
  return {.choice = choice, .predicted = predict(choice.step)};
}

std::uint64_t peak_resident_bytes() {
  // Unlike ru_maxrss it does not begin at what the process that started this one had.
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return 1024 * kibibytes;
  }
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  constexpr std::uint64_t kUnit = 1024;  // Linux counts in KiB
  return kUnit * static_cast<std::uint64_t>(usage.ru_maxrss);
}

}  // namespace edgeprune::run
