#include "run_setup.h"

#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/select/manifest.h"

#include "run_recipe.h"
#include "run_selection.h"
#include "run_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace edgeprune::run {

namespace {

std::shared_ptr<const RunData> open(const config::Config& config, const RunSources& sources) {
  if (auto given = data_in_memory(config, sources.inputs)) return given;
  if (sources.shared != nullptr) return sources.shared->open(config);
  return std::make_shared<const RunData>(open_run_data(config));
}

nn::Network network_of(const config::Config& config, const RunSources& sources,
                       const RunData& data) {
  const nn::Network* given = network_in_memory(config, sources.inputs, data);
  if (given != nullptr) return *given;
  return build_run_network(config, data.shape(), data.train.num_classes(), sources.run);
}

std::vector<core::SampleShape> smaller_sizes(const RunPlan& plan) {
  const TrainingStages& stages = plan.stages;
  std::vector<core::SampleShape> sizes;
  for (const TrainingStage& stage : stages.stages) sizes.push_back(stage.shape);
  sizes.pop_back();
  const core::SampleShape& warm_up = stages.warm_up.shape;
  const bool is_new = plan.warmup_iterations > 0 && warm_up != stages.stages.back().shape &&
                      std::find(sizes.begin(), sizes.end(), warm_up) == sizes.end();
  if (is_new) sizes.push_back(warm_up);
  return sizes;
}

SampleSizes sample_sizes(const config::Config& config, const data::Dataset& train) {
  SampleSizes sizes{.read = train.stored_bytes_per_sample,
                    .original = data::original_bytes_per_sample(train),
                    .kept = {.per_sample = train.stored_bytes_per_sample}};
  if (config.prune.store == data::Store::reencoded) {
    sizes.kept = data::reencoded_size(train, config.prune.jpeg_quality);
  }
  return sizes;
}

std::string network_hash_of(const config::Config& config, const core::Directory* run) {
  const auto file = network_file_of(config, run);
  return file ? core::content_hash(core::read_file(*file)) : "";
}

}  // namespace

// A run under way keeps what `auto` has settled on.
RunSetup::RunSetup(config::ResolvedConfig run_config, const RunState* state,
                   const RunSources& run_sources)
    : as_given(std::move(run_config)),
      resolved(as_given),
      sources(run_sources),
      directory(config.run.directory),
      opened(open(config, sources)),
      data(*opened),
      choice(choose_run_strategy(config, state ? state->label_noise : std::nullopt)),
      network_hash(network_hash_of(config, sources.run)),
      network(network_of(config, sources, data)),
      pool(static_cast<int>(config.run.threads)),
      recipe(take_recipe()),
      sizes(sample_sizes(config, data.train)),
      given(given_selection(state)),
      plan(make_plan(state ? state->warmup_iterations : 0)),
      precision(train::choose_precision(config.train.precision,
                                        nn::is_available(nn::Precision::bf16), nn::simd_target())),
      memory(choose_run_memory(resolved, network, data, trainer_options({}))) {
  describe_recipe();
}

// `warmup_made`: iterations of a warm-up that is over; 0 before.
RunPlan RunSetup::make_plan(std::uint32_t warmup_made) const {
  return plan_run(config, strategy(), data.train.num_samples(), network,
                  {.num_selected = static_cast<std::uint32_t>(given.size()),
                   .sizes = sizes,
                   .warmup_made = warmup_made});
}

std::vector<std::uint32_t> RunSetup::given_selection(const RunState* state) const {
  if (strategy().select != nullptr || strategy().sampler != nullptr) return {};
  if (state != nullptr && state->phase > Phase::select) return state->kept;
  // Once a run has taken the list over, its own copy counts.
  const bool has_own = sources.run != nullptr && sources.run->contains(kSelectionFile);
  const core::FilePlace list =
      has_own ? *sources.run / kSelectionFile : core::FilePlace(config.prune.selection_file);
  return select::read_index_list(list, data.train.num_samples());
}

// From here on the configuration says what the recipe has chosen.
train::TrainingRecipe RunSetup::take_recipe() {
  train::TrainingRecipe taken = choose_recipe(*as_given, strategy(), network);
  config::Config chosen = *as_given;
  set_recipe(taken, chosen);
  resolved = config::resolve(std::move(chosen));
  return taken;
}

void RunSetup::describe_recipe() {
  if (config.train.recipe == train::Recipe::automatic) choice.recipe = recipe.text();
}

train::TrainerOptions RunSetup::trainer_options(const train::StepMemory& step) const {
  // No batch is larger than the data, whatever the configuration allows.
  return {.batch_size = std::min(config.train.batch_size, data.train.num_samples()),
          .optimizer = config.train.optimizer,
          .loss = {.label_smoothing = config.train.label_smoothing},
          .freeze = config.model.freeze,
          .precision = precision.precision,
          .recompute = step.recompute,
          .micro_batch_size = step.micro_batch_size,
          .other_sizes = smaller_sizes(plan)};
}

Engine RunSetup::engine() const {
  return {
      .simd_target = nn::simd_target(),
      .precision = std::string(nn::name_of(precision.precision)),
      .threads = config.run.threads,
      .micro_batch_size = trainer_options().is_split() ? memory.choice.step.micro_batch_size : 0};
}

namespace {

// A begun run may be continued with another value of it, whatever phase it is in.
bool is_free(const config::ConfigField& field) {
  return field.may_change == config::MayChange::always || field.decides != config::Decides::bits;
}

bool is_free_until_selected(const config::ConfigField& field) {
  return is_free(field) || field.may_change == config::MayChange::until_selected;
}

}  // namespace

std::string RunSetup::configuration_hash(Phase phase) const {
  // While `auto` warms up, how long it does depends on the keep ratio and the budget.
  const bool is_open =
      phase == Phase::select || (phase == Phase::score && config.prune.strategy != "auto");
  config::Config fixed =
      config::with_defaults(*as_given, is_open ? is_free_until_selected : is_free);
  fixed.score.columns.clear();  // a checkpoint holds what was gathered
  if (config.model.network == kNetworkInMemory) fixed.model.network = identity_of(network);
  // A network's file may move, but not change.
  if (!network_hash.empty()) fixed.model.network = network_hash;
  return core::content_hash(config::to_toml(fixed));
}

std::optional<RunScores> RunSetup::make_scores() const {
  if (!strategy().warms_up) return {};
  require_features(config, network);
  return RunScores(resolved, plan, data.train.num_classes());
}

std::unique_ptr<select::Sampler> RunSetup::make_sampler() const {
  if (strategy().sampler == nullptr) return nullptr;
  return strategy().sampler(sampler_input(config, plan, data.train), plan.epochs);
}

nn::Model RunSetup::fresh_model() const {
  nn::Model fresh = nn::initial_model(network, config.run.seed);
  if (config.model.first_layer == train::FirstLayer::random) return fresh;
  train::start_first_layer(fresh, {.network = network,
                                   .network_name = config.model.network,
                                   .train = data.train,
                                   .normalisation = data.normalisation,
                                   .seed = config.run.seed});
  return fresh;
}

nn::Model RunSetup::first_model(std::string& notice) const {
  const nn::Model* in_memory = model_in_memory(config, sources.inputs, network);
  const std::string& path = config.model.init;
  if (config.model.first_layer != train::FirstLayer::random &&
      (in_memory != nullptr || !path.empty())) {
    throw core::Error(core::ErrorKind::config,
                      "model.first_layer is \"pca\", but the run starts from a given model; "
                      "leave model.first_layer \"random\", or the model out");
  }
  if (in_memory != nullptr) return *in_memory;
  if (path.empty()) return fresh_model();
  nn::StartingModel start =
      nn::read_starting_model(path, network, nn::initial_model(network, config.run.seed));
  if (start.replaced_classes > 0) {
    notice = fmt::format(
        "model.init {} is for {} classes, the data have {}: its {} is left out and "
        "starts from random weights",
        path, start.replaced_classes, network.num_classes(), network.head()->name);
  }
  return std::move(start.model);
}

void RunSetup::settle(const std::optional<score::LabelNoise>& label_noise,
                      std::uint32_t warmup_made) {
  choice = choose_run_strategy(config, label_noise);
  describe_recipe();
  plan = make_plan(warmup_made);
}

std::vector<Notice> RunSetup::warnings() const {
  std::vector<Notice> all;
  for (std::string& text : data.warnings(config.train.batch_size)) {
    all.push_back({NoticeKind::data, std::move(text)});
  }
  for (std::string& text :
       plan_warnings(config, strategy(), plan, data.train.stored_bytes_per_sample)) {
    all.push_back({NoticeKind::plan, std::move(text)});
  }
  return all;
}

std::vector<Notice> RunSetup::choices() const {
  std::vector<Notice> all;
  const std::uint32_t asked = config.prune.keep_ratio.num_kept(plan.num_samples);
  const bool is_asked = config.prune.keep_bytes == 0;
  if (is_asked && config.budget.bytes.count > 0 && plan.num_stored < asked) {
    all.push_back({NoticeKind::fewer_kept,
                   fmt::format("budget.bytes: {} of {} samples are kept, not {}: no more fit {} "
                               "bytes",
                               plan.num_kept, plan.num_samples, asked, config.budget.bytes.count)});
  }
  if (config.prune.store == data::Store::reencoded && !reencodes(config, strategy())) {
    all.push_back({NoticeKind::plan, fmt::format("prune.store: {} keeps every sample stored, as it "
                                                 "was read",
                                                 strategy().name)});
  }
  if (!precision.notice.empty()) all.push_back({NoticeKind::precision, precision.notice});
  all.push_back({NoticeKind::memory, fmt::format("memory: {}", memory.text())});
  if (!choice.reason.empty()) all.push_back(strategy_notice());
  if (!choice.recipe.empty()) all.push_back({NoticeKind::recipe, "recipe: " + choice.recipe});
  return all;
}

Notice RunSetup::strategy_notice() const {
  const std::string name(strategy().name);
  return {NoticeKind::strategy, fmt::format("auto: {}: {}", name, choice.reason), name};
}

PlanRecord RunSetup::record() const {
  return {.config = config,
          .choice = choice,
          .plan = plan,
          .data = data,
          .sizes = sizes,
          .network = network,
          .engine = engine(),
          .memory = memory};
}

void RunSetup::write_plan() const {
  core::write_file_atomically(files() / kPlanFile, plan_json(record()));
}

}  // namespace edgeprune::run
