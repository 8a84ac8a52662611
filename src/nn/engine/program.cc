#include "edgeprune/nn/program.h"

#include "edgeprune/core/error.h"
#include "edgeprune/kernels/products.h"
#include "edgeprune/kernels/target.h"

#include "compile.h"
#include "memory_plan.h"
#include "traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace edgeprune::nn {
namespace {

// Every buffer of a scratch and what says how large it is.
template <typename Scratch>
struct ScratchBuffer {
  std::size_t ScratchNeeds::*floats;
  core::AlignedBuffer Scratch::*buffer;
  bool backward_only = false;
};
constexpr ScratchBuffer<ThreadScratch> kThreadBuffers[] = {
    {&ScratchNeeds::input, &ThreadScratch::input},
    {&ScratchNeeds::results, &ThreadScratch::results},
    {&ScratchNeeds::pairs, &ThreadScratch::pairs},
    {&ScratchNeeds::mapped, &ThreadScratch::mapped},
    {&ScratchNeeds::products, &ThreadScratch::products},
    {&ScratchNeeds::gradient, &ThreadScratch::gradient, true},
    {&ScratchNeeds::short_sums, &ThreadScratch::short_sums, true}};
constexpr ScratchBuffer<SharedScratch> kSharedBuffers[] = {
    {&ScratchNeeds::packed, &SharedScratch::packed},
    {&ScratchNeeds::parts, &SharedScratch::parts, true},
    {&ScratchNeeds::stage_input, &SharedScratch::stage_input},
    {&ScratchNeeds::stage_gradient, &SharedScratch::stage_gradient, true},
    {&ScratchNeeds::stage_pairs, &SharedScratch::stage_pairs, true}};

// With what is needed backward alone, or without.
ScratchNeeds max_scratch(std::span<const std::unique_ptr<Step>> steps, bool backward) {
  ScratchNeeds most;
  for (const auto& step : steps) {
    const ScratchNeeds needs = step->scratch_needs();
    const auto take = [&](std::size_t ScratchNeeds::*member, bool backward_only) {
      if (backward || !backward_only) most.*member = std::max(most.*member, needs.*member);
    };
    for (const auto& buffer : kThreadBuffers) take(buffer.floats, buffer.backward_only);
    for (const auto& buffer : kSharedBuffers) take(buffer.floats, buffer.backward_only);
    take(&ScratchNeeds::rows, false);
    take(&ScratchNeeds::stage_rows, false);
    take(&ScratchNeeds::sums, true);
  }
  return most;
}

ScratchNeeds larger_of(const ScratchNeeds& a, const ScratchNeeds& b) {
  ScratchNeeds most;
  const auto take = [&](std::size_t ScratchNeeds::*member) {
    most.*member = std::max(a.*member, b.*member);
  };
  for (const auto& buffer : kThreadBuffers) take(buffer.floats);
  for (const auto& buffer : kSharedBuffers) take(buffer.floats);
  take(&ScratchNeeds::rows);
  take(&ScratchNeeds::stage_rows);
  take(&ScratchNeeds::sums);
  return most;
}

ThreadScratch make_thread_scratch(const ScratchNeeds& needs) {
  ThreadScratch scratch;
  for (const auto& buffer : kThreadBuffers) {
    scratch.*buffer.buffer = core::AlignedBuffer(needs.*buffer.floats);
  }
  scratch.rows.resize(needs.rows);
  return scratch;
}

SharedScratch make_shared_scratch(const ScratchNeeds& needs) {
  SharedScratch scratch;
  for (const auto& buffer : kSharedBuffers) {
    scratch.*buffer.buffer = core::AlignedBuffer(needs.*buffer.floats);
  }
  scratch.stage_rows.resize(needs.stage_rows);
  scratch.sums.assign(core::kMaxTasks, std::vector<double>(needs.sums));
  return scratch;
}

// What one program needs, or the larger of what several do.
struct MemoryNeeds {
  ScratchNeeds scratch;
  std::size_t arena_bytes = 0;

  void include(const MemoryNeeds& other) {
    scratch = larger_of(scratch, other.scratch);
    arena_bytes = std::max(arena_bytes, other.arena_bytes);
  }
};

struct ProgramStorage {
  ProgramStorage(const MemoryNeeds& given, int num_threads)
      : needs(given),
        arena(needs.arena_bytes / sizeof(float)),
        shared(make_shared_scratch(needs.scratch)) {
    for (int t = 0; t < num_threads; ++t) scratch.push_back(make_thread_scratch(needs.scratch));
  }

  MemoryNeeds needs;
  core::AlignedBuffer arena;
  SharedScratch shared;
  std::vector<ThreadScratch> scratch;
};

ProgramMemory memory_of(const MemoryNeeds& memory, int num_threads) {
  const ScratchNeeds& needs = memory.scratch;
  std::size_t of_thread = needs.rows * sizeof(void*);
  for (const auto& buffer : kThreadBuffers) of_thread += needs.*buffer.floats * sizeof(float);
  std::size_t shared = needs.stage_rows * sizeof(void*);
  for (const auto& buffer : kSharedBuffers) shared += needs.*buffer.floats * sizeof(float);
  shared += core::kMaxTasks * needs.sums * sizeof(double);
  return {.arena_bytes = memory.arena_bytes,
          .scratch_bytes = static_cast<std::size_t>(num_threads) * of_thread + shared};
}

}  // namespace

std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::f32:
      return "f32";
    case Precision::bf16:
      return "bf16";
    case Precision::bf16_storage:
      return "bf16_storage";
  }
  return "f32";
}

struct Program::State {
  State(const Network& described, const ProgramOptions& given, core::ThreadPool& threads)
      : network(described),
        options(given),
        pool(threads),
        compiled(compile(network, options)),
        plan(plan_memory(compiled, options)) {
    for (const TensorInfo& info : tensor_layout(network)) {
      (info.is_statistic() ? num_statistics : num_parameters) += info.size;
    }
    for (const auto& step : compiled.steps) {
      profile.push_back({.name = step->name(),
                         .kind = std::string(step->kind()),
                         .output = step->output()->shape});
    }
  }

  [[nodiscard]] MemoryNeeds needs() const {
    return {.scratch = max_scratch(compiled.steps, options.backward), .arena_bytes = plan.bytes};
  }

  void use(std::shared_ptr<ProgramStorage> memory) {
    storage = std::move(memory);
    for (std::size_t i = 1; i < compiled.activations.size(); ++i) {
      if (!compiled.activations[i]->wants_gradient) continue;
      compiled.activations[i]->gradient = memory_at(plan.places[i].gradient);
    }
    use_forward_places();
  }

  [[nodiscard]] void* memory_at(std::size_t bytes) {
    return storage->arena.data() + bytes / sizeof(float);
  }
  void place_values(std::size_t activation, std::size_t offset) {
    compiled.activations[activation]->writable = memory_at(offset);
    compiled.activations[activation]->values = memory_at(offset);
  }

  [[nodiscard]] StepContext context(Mode mode, bool recompute = false) {
    return {.batch = batch,
            .mode = mode,
            .pool = pool,
            .scratch = storage->scratch,
            .shared = storage->shared,
            .recompute = recompute};
  }

  template <typename Work>
  [[nodiscard]] static double seconds_of(Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void forward(std::size_t i, const Model& model, const StepContext& context) {
    Step& step = *compiled.steps[i];
    if (!options.profile) return step.forward(context, model);
    profile[i].forward_seconds += seconds_of([&] { step.forward(context, model); });
    profile[i].forward_bytes += static_cast<double>(traffic_of(step, batch).forward);
  }

  void backward(std::size_t i, const Model& model, std::span<float> gradients) {
    Step& step = *compiled.steps[i];
    const StepContext going_back = context(Mode::training);
    if (!options.profile) return step.backward(going_back, model, gradients);
    profile[i].backward_seconds += seconds_of([&] { step.backward(going_back, model, gradients); });
    profile[i].backward_bytes += static_cast<double>(traffic_of(step, batch).backward);
  }

  void use_forward_places() {
    for (std::size_t i = 1; i < plan.places.size(); ++i) place_values(i, plan.places[i].forward);
  }

  // What the forward pass dropped of a segment, bit for bit.
  void recompute(const Segment& segment, const Model& model) {
    std::set<const Activation*> dropped;
    for (std::size_t i = 1; i < plan.places.size(); ++i) {
      if (!plan.places[i].recomputed) continue;
      place_values(i, plan.places[i].backward);
      dropped.insert(compiled.activations[i].get());
    }
    for (std::size_t step = segment.begin; step < segment.end; ++step) {
      if (!dropped.contains(compiled.steps[step]->output())) continue;
      forward(step, model, context(Mode::training, true));
    }
  }

  // Before the backward pass of a segment's last step.
  void recompute_before(std::size_t step, const Model& model) {
    for (const Segment& segment : plan.segments) {
      if (segment.end == step + 1) recompute(segment, model);
    }
  }

  Network network;
  ProgramOptions options;
  core::ThreadPool& pool;
  CompiledNetwork compiled;
  MemoryPlan plan;
  std::shared_ptr<ProgramStorage> storage;  // of several programs, where they share it
  std::vector<StepProfile> profile;         // one per step
  std::size_t num_parameters = 0;           // of the network's models
  std::size_t num_statistics = 0;
  std::uint32_t batch = 0;
  bool can_go_back = false;  // a forward pass in training mode left what backward() reads
};

Program::Program(const Network& network, const ProgramOptions& options, core::ThreadPool& pool)
    : state_(std::make_unique<State>(network, options, pool)) {
  state_->use(std::make_shared<ProgramStorage>(state_->needs(), pool.size()));
}

Program::Program(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::vector<Program> make_programs(std::span<const Network> networks, const ProgramOptions& options,
                                   core::ThreadPool& pool) {
  std::vector<std::unique_ptr<Program::State>> states;
  MemoryNeeds needs;
  for (const Network& network : networks) {
    states.push_back(std::make_unique<Program::State>(network, options, pool));
    needs.include(states.back()->needs());
  }
  const auto storage = std::make_shared<ProgramStorage>(needs, pool.size());
  std::vector<Program> programs;
  for (auto& state : states) {
    state->use(storage);
    programs.push_back(Program(std::move(state)));
  }
  return programs;
}

Program::~Program() = default;
Program::Program(Program&&) noexcept = default;

bool is_available(Precision precision) {
  return precision != Precision::bf16 || kernels::bf16_products_available();
}

std::string simd_target() {
  return kernels::simd_target();
}

ProgramMemory program_memory(const Network& network, const ProgramOptions& options,
                             int num_threads) {
  return program_memory(std::span(&network, 1), options, num_threads);
}

ProgramMemory program_memory(std::span<const Network> networks, const ProgramOptions& options,
                             int num_threads) {
  MemoryNeeds needs;
  for (const Network& network : networks) {
    const CompiledNetwork compiled = compile(network, options);
    needs.include({.scratch = max_scratch(compiled.steps, options.backward),
                   .arena_bytes = plan_memory(compiled, options).bytes});
  }
  return memory_of(needs, num_threads);
}

const Network& Program::network() const {
  return state_->network;
}

std::vector<StepProfile> Program::profile() const {
  return state_->profile;
}

ProgramMemory Program::memory() const {
  return memory_of(state_->storage->needs, state_->pool.size());
}

std::span<const float> Program::forward(Model& model, std::span<const float> images,
                                        std::uint32_t batch, Mode mode) {
  State& state = *state_;
  Activation& input = *state.compiled.input;
  if (batch == 0 || batch > state.options.max_batch || images.size() != input.values_of(batch)) {
    throw core::Error(
        core::ErrorKind::internal,
        fmt::format("a batch of {} ({} values) does not fit a program for {} of {}", batch,
                    images.size(), state.options.max_batch, input.shape.num_values()));
  }
  if (model.parameters.size() != state.num_parameters ||
      model.statistics.size() != state.num_statistics) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("a model of {} parameters and {} statistics is none of this "
                                  "network",
                                  model.parameters.size(), model.statistics.size()));
  }
  state.batch = batch;
  input.values = images.data();
  state.can_go_back = false;
  state.use_forward_places();
  for (std::size_t i = 0; i < state.compiled.steps.size(); ++i) {
    state.forward(i, model, state.context(mode));
    if (mode == Mode::training) state.compiled.steps[i]->update_statistics(model);
  }
  state.can_go_back = mode == Mode::training;
  if (mode == Mode::training) ++model.num_batches_tracked;
  const Activation& output = *state.compiled.output;
  return {static_cast<const float*>(output.values), output.values_of(batch)};
}

void Program::copy_features(std::span<float> features) {
  State& state = *state_;
  const Activation* from = state.compiled.features;
  if (from == nullptr || features.size() != from->values_of(state.batch)) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("{} values for the features of {} samples, {} each",
                                  features.size(), state.batch, state.network.num_features()));
  }
  const std::size_t channels = from->shape.channels;
  const std::size_t pixels = state.batch * from->shape.num_pixels();
  kernels::apply_transform(from->transform(), {pixels, channels, channels, channels}, from->at(0),
                           kernels::Elements(features.data(), kernels::ElementType::f32));
}

void Program::backward(const Model& model, std::span<const float> logit_gradients,
                       std::span<float> gradients) {
  State& state = *state_;
  const Activation& output = *state.compiled.output;
  const std::size_t num_logits = output.values_of(state.batch);
  if (!state.options.backward || logit_gradients.size() != num_logits ||
      gradients.size() != model.parameters.size()) {
    throw core::Error(
        core::ErrorKind::internal,
        fmt::format("backward() of {} logit gradients for {} logits, {} gradients for "
                    "{} parameters",
                    logit_gradients.size(), num_logits, gradients.size(), model.parameters.size()));
  }
  if (!state.can_go_back) {
    throw core::Error(core::ErrorKind::internal,
                      "backward() needs a forward pass in training mode of its own");
  }
  state.can_go_back = false;
  std::copy(logit_gradients.begin(), logit_gradients.end(), static_cast<float*>(output.gradient));
  for (std::size_t i = state.compiled.steps.size(); i-- > 0;) {
    if (!state.compiled.steps[i]->output()->wants_gradient) continue;
    state.recompute_before(i, model);
    state.backward(i, model, gradients);
  }
}

}  // namespace edgeprune::nn
