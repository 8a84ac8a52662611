#include "edgeprune/run/run_state.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/usage.h"
#include "edgeprune/core/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <type_traits>

namespace edgeprune::run {
namespace {

using nlohmann::json;

constexpr std::uint32_t kFormatVersion = 8;
// What to_json writes is five deep; it has a line for every pass.
constexpr core::JsonLimits kLimits = {.bytes = std::size_t{256} << 20, .depth = 8};
// Of a hash, or the name of what an engine runs on.
constexpr std::size_t kMaxWordBytes = 256;
// More than any run counts; sums of some of them do not overflow.
constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 53;
// Seconds, joules and work: far beyond those of any run, and their sums stay finite.
constexpr double kMaxAmount = 1e300;

// The values of an enum, which the state holds by their names.
constexpr std::array kPhasesByName = {Phase::score, Phase::select, Phase::train, Phase::done};
constexpr std::array kActivities = {core::Activity::score, core::Activity::select,
                                    core::Activity::train, core::Activity::evaluate,
                                    core::Activity::other, core::Activity::pause};

// --- the fields of each struct, for writing and for reading alike ---

template <typename S, typename T>
concept Is = std::same_as<std::remove_const_t<S>, T>;

template <Is<core::Usage> S, typename Visit>
void for_fields(S& usage, Visit&& visit) {
  visit("seconds", usage.seconds);
  visit("joules", usage.joules);
}

template <Is<budget::RunUsage> S, typename Visit>
void for_fields(S& spent, Visit&& visit) {
  visit("learning_samples", spent.learning_samples);
  visit("learning_work", spent.learning_work);
  visit("scoring_forward_samples", spent.scoring_forward_samples);
  visit("evaluation_samples", spent.evaluation_samples);
  visit("measuring_samples", spent.measuring_samples);
  for (const core::Activity activity : core::kWorkActivities) {
    visit(std::string(name_of(activity)), spent.by_activity[activity]);
  }
  visit("paused_seconds", spent.paused_seconds);
  visit("is_metered", spent.is_metered);
}

template <Is<budget::HarvestPoint> S, typename Visit>
void for_fields(S& point, Visit&& visit) {
  visit("from_seconds", point.from_seconds);
  visit("watts", point.watts);
}

template <Is<budget::BudgetLimits> S, typename Visit>
void for_fields(S& limits, Visit&& visit) {
  visit("seconds", limits.seconds);
  visit("joules", limits.joules);
  visit("harvest", limits.harvest);
}

template <Is<budget::DecisionRecord> S, typename Visit>
void for_fields(S& record, Visit&& visit) {
  visit("sequence", record.sequence);
  visit("is_pause", record.kind);
  visit("phase", record.phase);
  visit("epoch", record.epoch);
  visit("step", record.step);
  visit("batch", record.batch);
  visit("pass_ended", record.pass_ended);
  visit("spent", record.spent);
  visit("per_step", record.per_step);
  visit("steps_left", record.steps_left);
  visit("progress", record.progress);
  visit("evaluates", record.evaluates);
  visit("why", record.why);
  visit("limits", record.limits);
}

template <Is<budget::BudgetState> S, typename Visit>
void for_fields(S& budget, Visit&& visit) {
  visit("mean_seconds", budget.pace.mean_seconds);
  visit("since_seconds", budget.pace.since_seconds);
  visit("steps_since", budget.pace.steps_since);
  visit("largest_seconds", budget.pace.largest_seconds);
  visit("faded", budget.pace.faded);
  visit("forward_seconds_per_sample", budget.forward.seconds_per_sample);
  visit("forward_steps_since", budget.forward.steps_since);
  visit("forward_first_seconds", budget.forward.first_seconds);
  visit("forward_is_confirmed", budget.forward.is_confirmed);
  visit("horizon_from", budget.horizon.from);
  visit("horizon_position", budget.horizon.position);
  visit("horizon_steps", budget.horizon.steps);
  visit("is_stretched", budget.is_stretched);
  visit("evaluates", budget.evaluates);
  visit("next_decision", budget.next_decision);
  visit("pass_end", budget.pass_end);
  visit("pass_has_ended", budget.pass_has_ended);
  visit("limits", budget.limits);
  visit("decisions", budget.decisions);
  visit("replayed_log", budget.replayed_log);
  visit("replayed_hash", budget.replayed_hash);
  visit("num_replayed", budget.num_replayed);
}

template <Is<Engine> S, typename Visit>
void for_fields(S& engine, Visit&& visit) {
  visit("simd_target", engine.simd_target);
  visit("precision", engine.precision);
  visit("threads", engine.threads);
  visit("micro_batch_size", engine.micro_batch_size);
}

template <Is<score::LabelNoise> S, typename Visit>
void for_fields(S& noise, Visit&& visit) {
  visit("share", noise.share);
  visit("standard_error", noise.standard_error);
}

template <Is<Means> S, typename Visit>
void for_fields(S& means, Visit&& visit) {
  visit("loss", means.loss);
  visit("accuracy", means.accuracy);
}

template <Is<EpochMetrics> S, typename Visit>
void for_fields(S& metrics, Visit&& visit) {
  visit("kept", metrics.kept);
  visit("train", metrics.train);
  visit("test", metrics.test);
}

template <Is<PassRecord> S, typename Visit>
void for_fields(S& pass, Visit&& visit) {
  visit("phase", pass.phase);
  visit("epoch", pass.epoch);
  visit("step", pass.step);
  visit("samples", pass.samples);
  visit("running_loss", pass.running_loss);
  visit("spent", pass.spent);
  visit("learning_rate", pass.learning_rate);
  visit("spent_flops", pass.spent_flops);
  visit("evaluation", pass.evaluation);
  visit("is_evaluated_late", pass.is_evaluated_late);
}

template <Is<StoredSet> S, typename Visit>
void for_fields(S& stored, Visit&& visit) {
  visit("jpeg_quality", stored.jpeg_quality);
  visit("bytes", stored.bytes);
  visit("hash", stored.hash);
}

template <Is<RunState> S, typename Visit>
void for_fields(S& state, Visit&& visit) {
  visit("sequence", state.sequence);
  visit("goal", state.goal);
  visit("phase", state.phase);
  visit("epoch", state.epoch);
  visit("batch", state.batch);
  visit("step", state.step);
  visit("pass_loss_sum", state.pass_loss_sum);
  visit("pass_samples", state.pass_samples);
  visit("expected_epochs", state.expected_epochs);
  visit("learning_rate", state.learning_rate);
  visit("warmup_iterations", state.warmup_iterations);
  visit("num_samples", state.num_samples);
  visit("dataset_hash", state.dataset_hash);
  visit("test_hash", state.test_hash);
  visit("engine", state.engine);
  visit("configuration", state.configuration);
  visit("label_noise", state.label_noise);
  visit("metrics", state.metrics);
  visit("stored", state.stored);
  visit("spent", state.spent);
  visit("budget", state.budget);
  visit("num_batches_tracked", state.num_batches_tracked);
  visit("optimizer_step", state.optimizer_step);
}

struct AnyVisit {
  void operator()(const std::string&, const auto&) const {}
};
template <typename S>
concept HasFields = requires(S& value) {
  for_fields(value, AnyVisit());
};

// --- writing ---

template <typename T>
json written(const std::optional<T>& value);
template <typename T>
json written(const std::vector<T>& values);

template <typename T>
json written(const T& value) {
  if constexpr (std::same_as<T, Phase> || std::same_as<T, core::Activity>) {
    return name_of(value);
  } else if constexpr (std::same_as<T, budget::DecisionRecord::Kind>) {
    return value == budget::DecisionRecord::Kind::pause;
  } else if constexpr (HasFields<T>) {
    json object = json::object();
    for_fields(value,
               [&](const std::string& name, const auto& part) { object[name] = written(part); });
    return object;
  } else {
    return value;
  }
}
template <typename T>
json written(const std::optional<T>& value) {
  return value ? written(*value) : json();
}
template <typename T>
json written(const std::vector<T>& values) {
  json array = json::array();
  for (const T& value : values) array.push_back(written(value));
  return array;
}

// --- reading ---

bool is_share(double value) {
  return value >= 0 && value <= 1;
}

// Where in the state a value stands, and whose state it is.
struct Place {
  const std::string& file;
  std::string field;

  [[noreturn]] void reject() const {
    core::reject_file(file, fmt::format("its state is damaged at '{}'", field));
  }
};

template <std::unsigned_integral T>
void read(const json& from, const Place& place, T& value) {
  if (!from.is_number_unsigned()) place.reject();
  const auto number = from.get<std::uint64_t>();
  if (number > std::min<std::uint64_t>(std::numeric_limits<T>::max(), kMaxCount)) place.reject();
  value = static_cast<T>(number);
}

void read(const json& from, const Place& place, bool& value) {
  if (!from.is_boolean()) place.reject();
  value = from.get<bool>();
}

template <std::floating_point T>
void read(const json& from, const Place& place, T& value) {
  if (!from.is_number()) place.reject();
  const auto number = from.get<double>();
  if (std::abs(number) > std::min<double>(std::numeric_limits<T>::max(), kMaxAmount)) {
    place.reject();
  }
  value = static_cast<T>(number);
}

void read(const json& from, const Place& place, std::string& value) {
  if (!from.is_string()) place.reject();
  value = from.get_ref<const std::string&>();
}

template <typename E, std::size_t kCount>
void read_name(const json& from, const Place& place, const std::array<E, kCount>& all, E& value) {
  const auto named =
      std::find_if(all.begin(), all.end(), [&](E one) { return from == name_of(one); });
  if (named == all.end()) place.reject();
  value = *named;
}
void read(const json& from, const Place& place, Phase& value) {
  read_name(from, place, kPhasesByName, value);
}
void read(const json& from, const Place& place, core::Activity& value) {
  read_name(from, place, kActivities, value);
}

void read(const json& from, const Place& place, budget::DecisionRecord::Kind& value) {
  using Kind = budget::DecisionRecord::Kind;
  bool is_pause = false;
  read(from, place, is_pause);
  value = is_pause ? Kind::pause : Kind::decision;
}

template <HasFields T>
void read(const json& from, const Place& place, T& value);

template <typename T>
void read(const json& from, const Place& place, std::optional<T>& value) {
  if (!from.is_null()) read(from, place, value.emplace());
}

template <typename T>
void read(const json& from, const Place& place, std::vector<T>& values) {
  if (!from.is_array()) place.reject();
  for (const json& part : from) read(part, place, values.emplace_back());
}

// JSON has no number for one that is not finite, as the loss of a test set may be: null stands for
// it.
void read_loss(const json& from, const Place& place, double& loss) {
  if (from.is_null()) {
    loss = std::numeric_limits<double>::quiet_NaN();
  } else {
    read(from, place, loss);
  }
}

template <HasFields T>
void read(const json& from, const Place& place, T& value) {
  for_fields(value, [&](const std::string& name, auto& part) {
    const Place inside{place.file, place.field.empty() ? name : place.field + "." + name};
    if (!from.is_object() || !from.contains(name)) inside.reject();
    if constexpr (std::same_as<T, Means>) {
      read_loss(from.at(name), inside, part);
      if (&part == &value.accuracy && !is_share(part)) inside.reject();
    } else {
      read(from.at(name), inside, part);
    }
  });
}

void require_version(const json& state, const std::string& name) {
  if (state.is_object() && state.value("format_version", json()) == kFormatVersion) return;
  const json version = state.is_object() ? state.value("version", json()) : json();
  core::reject_file(
      name, fmt::format("written by another version of edgeprune ({}, this is {})",
                        version.is_string() ? core::printable(version.get_ref<const std::string&>())
                                            : "not known",
                        core::version()));
}

// What the fields say of each other, whatever the run.
class Sense {
 public:
  Sense(const RunState& state, const std::string& name) : state_(state), name_(name) {}

  void require_all() const {
    require_words();
    require_counts();
    require_pass();
    require_noise();
    require_stored();
    require_horizon();
  }

 private:
  void require(bool holds, const char* field) const {
    if (!holds) Place{name_, field}.reject();
  }

  void require_words() const {
    for (const std::string* word : {&state_.dataset_hash, &state_.test_hash, &state_.configuration,
                                    &state_.engine.simd_target, &state_.engine.precision}) {
      require(word->size() <= kMaxWordBytes, "a word");
    }
  }

  // Every step draws a sample at least, every pass makes a step.
  void require_counts() const {
    const std::uint64_t samples = state_.spent.learning_samples;
    require(state_.num_samples > 0, "num_samples");
    require(state_.step <= samples, "step");
    require(state_.warmup_iterations <= samples, "warmup_iterations");
    require(state_.phase != Phase::score || state_.warmup_iterations == 0, "warmup_iterations");
    require(state_.optimizer_step <= samples, "optimizer_step");
    require(state_.epoch <= state_.step, "epoch");
  }

  void require_pass() const {
    const bool makes_passes = state_.phase == Phase::score || state_.phase == Phase::train;
    require(makes_passes || state_.step == 0, "step");
    require(state_.batch <= state_.step && state_.batch <= state_.num_samples, "batch");
    // A last batch that is filled up draws samples twice, fewer than there are.
    require(state_.pass_samples >= state_.batch && state_.pass_samples / 2 <= state_.num_samples,
            "pass_samples");
    require((state_.pass_samples == 0) == (state_.batch == 0), "pass_samples");
  }

  void require_noise() const {
    if (!state_.label_noise) return;
    require(is_share(state_.label_noise->share), "label_noise.share");
    require(is_share(state_.label_noise->standard_error), "label_noise.standard_error");
  }

  void require_stored() const {
    if (!state_.stored) return;
    require(state_.phase > Phase::select, "stored");
    require(state_.stored->jpeg_quality <= 100, "stored.jpeg_quality");
    require(state_.stored->hash.size() <= kMaxWordBytes, "stored.hash");
  }

  void require_horizon() const {
    const budget::Horizon& horizon = state_.budget.horizon;
    if (!state_.budget.is_stretched) return;
    require(state_.phase >= Phase::train, "budget.is_stretched");
    require(horizon.position >= 0, "budget.horizon_position");
    if (state_.phase == Phase::done) return;  // where steps count from 0 again
    require(horizon.from <= state_.step, "budget.horizon_from");
    require(horizon.end() >= state_.step, "budget.horizon_steps");
  }

  const RunState& state_;
  const std::string& name_;
};

}  // namespace

std::string to_json(const RunState& state) {
  json object = written(state);
  object["format_version"] = kFormatVersion;
  object["version"] = core::version();
  return core::json_text(object, "the state of a checkpoint");
}

RunState parse_run_state(std::string_view text, const std::string& name) {
  const core::JsonSource source{
      .name = name, .what = "its state is damaged", .fix = "restore it", .limits = kLimits};
  return core::read_json<json>(text, source, [&](const json& object) {
    require_version(object, name);
    RunState state;
    read(object, {name, ""}, state);
    Sense(state, name).require_all();
    return state;
  });
}

void require_selection(const RunState& state, const std::string& name) {
  std::vector<bool> is_kept(state.num_samples);
  for (const std::uint32_t n : state.kept) {
    if (n >= state.num_samples || is_kept[n]) {
      core::reject_file(name, fmt::format("its selection is damaged at index {}", n));
    }
    is_kept[n] = true;
  }
  if (state.phase > Phase::select && state.kept.empty()) {
    core::reject_file(name, "its selection is missing");
  }
}

}  // namespace edgeprune::run
