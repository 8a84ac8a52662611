#include "restored_files.h"

#include "edgeprune/budget/decision_log.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/select/manifest.h"

#include "metrics_record.h"
#include "record_json.h"
#include "scores_record.h"
#include "selection_record.h"
#include "stored_samples.h"
#include "summary_record.h"

#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::run {
namespace {

// "/energy/meters": where in a file stands what a checkpoint does not hold.
using Places = std::initializer_list<const char*>;

constexpr Places kOfProcess = {"/version", "/engine", "/memory"};
constexpr Places kOfSummary = {"/version",
                               "/engine",
                               "/memory",
                               "/predicted",
                               "/seconds/other",
                               "/seconds/total",
                               "/energy/joules",
                               "/energy/uncertainty_joules",
                               "/energy/idle_joules",
                               "/energy/meters",
                               "/budget/used",
                               "/cost_ratio/measured_time_against_full"};

// Null where it is no JSON, or far longer than what should be there.
Json parsed(const std::optional<std::string>& text, std::size_t expected_bytes) {
  if (!text) return {};
  try {
    return core::read_json<Json>(*text,
                                 {.name = "a file of the run",
                                  .what = "damaged",
                                  .fix = "restore it",
                                  .limits = {.bytes = 4 * expected_bytes + 4096}},
                                 [](const Json& json) { return json.is_object() ? json : Json(); });
  } catch (const core::Error&) {
    return {};
  }
}

Json without(Json json, Places places) {
  for (const char* place : places) {
    const Json::json_pointer pointer(place);
    if (json.contains(pointer)) json.at(pointer.parent_pointer()).erase(pointer.back());
  }
  return json;
}

// What another version wrote may be other by right.
bool is_of_another_version(const Json& found, const Json& expected) {
  return found.is_object() && found.contains("version") && found["version"].is_string() &&
         found["version"] != expected["version"];
}

class Restorer {
 public:
  explicit Restorer(RunContext& context)
      : context_(context), setup_(context.setup), state_(context.run.state) {}

  void run() {
    restore_plan();
    if (state_.phase > Phase::score && context_.run.scores) restore_scores();
    if (state_.phase > Phase::select) restore_selection();
    if (state_.stored) restore(kKeptFile, stored_file(setup_, state_));
    restore_lines(kMetricsFile, metrics_text(state_.metrics));
    restore_lines(kDecisionsFile, budget::decisions_text(state_.budget.decisions));
    if (state_.phase != Phase::done) return;
    restore(kModelFile, nn::model_bytes(setup_.network, context_.run.trainer.model(),
                                        model_metadata(setup_.config)));
    restore_summary();
  }

 private:
  // Nothing where it is missing or no file that can be read.
  [[nodiscard]] std::optional<std::string> read(std::string_view name) const {
    try {
      return core::read_file(setup_.files() / name);
    } catch (const core::Error&) {
      return {};
    }
  }

  void write(std::string_view name, std::string_view content) {
    const bool is_missing = !setup_.files().contains(name);
    core::write_file_atomically(setup_.files() / name, content);
    context_.notice({NoticeKind::restored_file,
                     fmt::format("{} was {}; it is written anew from the checkpoint", name,
                                 is_missing ? "missing" : "damaged or edited"),
                     std::string(name)});
  }

  void restore(std::string_view name, const std::string& expected) {
    if (read(name) != expected) write(name, expected);
  }

  // Until the selection is made, another one may be asked for, and `auto` may settle: then the plan
  // is another by right, and written anew in any case.
  void restore_plan() {
    const std::string expected = plan_json(setup_.record());
    const bool is_settled =
        state_.phase > Phase::select || (state_.phase == Phase::score && !context_.options.goal);
    if (is_settled || parsed(read(kPlanFile), expected.size()).is_null()) {
      restore_json(kPlanFile, expected, kOfProcess);
    }
  }

  // Lines of after the checkpoint will be written again.
  void restore_lines(std::string_view name, const std::string& expected) {
    const std::optional<std::string> found = read(name);
    if (found == expected || (!found && expected.empty())) return;
    const bool goes_on = state_.phase != Phase::done && found && found->starts_with(expected);
    if (!goes_on) return write(name, expected);
    core::write_file_atomically(setup_.files() / name, expected);
  }

  void restore_json(std::string_view name, const std::string& expected, Places not_held) {
    const Json found = parsed(read(name), expected.size());
    const Json wanted = parsed(expected, expected.size());
    if (is_of_another_version(found, wanted)) return;
    if (without(found, not_held) != without(wanted, not_held)) write(name, expected);
  }

  void restore_scores() {
    const ScoreFiles files = score_files(setup_.config, setup_.data, context_.run.scores->finish());
    restore(kScoresFile, files.npy);
    restore_json(kScoresManifestFile, files.json, {"/version"});
  }

  void restore_selection() {
    const select::SelectionFiles files =
        select::selection_files(state_.kept, selection_manifest(setup_.record(), state_.stored));
    restore(kSelectionFile, files.npy);
    restore_json(kSelectionManifestFile, files.json, {"/version"});
  }

  void restore_summary() {
    RunState last = state_;
    if (!last.metrics.empty()) last.step = last.metrics.back().step;
    const std::string text = summary_json(
        {.run = setup_.record(), .state = last, .energy = {}, .predicted = context_.predicted});
    Json expected = parsed(text, text.size());
    const Json found = parsed(read(kSummaryFile), text.size());
    if (is_of_another_version(found, expected)) return;
    if (without(found, kOfSummary) == without(expected, kOfSummary)) return;
    expected["memory"].erase("measured");
    expected["energy"].erase("uncertainty_joules");
    for (const char* place : kOfSummary) {
      const Json::json_pointer pointer(place);
      if (found.contains(pointer)) expected[pointer] = found.at(pointer);
    }
    write(kSummaryFile, core::json_text(expected, kSummaryFile, 2) + "\n");
  }

  RunContext& context_;
  RunSetup& setup_;
  const RunState& state_;
};

}  // namespace

void restore_files(RunContext& context) {
  Restorer(context).run();
}

}  // namespace edgeprune::run
