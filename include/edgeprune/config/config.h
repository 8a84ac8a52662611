#pragma once
// The configuration of a run: one aggregate, read from TOML, every field documented in one table.
//
//   Config config = read_config("train.toml", {"train.epochs=5", "prune.keep_ratio=0.1"});
//   std::string resolved = to_toml(config);      // what config.toml of a run directory holds
//
// Fields are named section.key; adding one adds its member here and its row in one of
// src/config/*_fields.cc, which holds every property of it. An unknown key, a wrong type or a value
// out of range is an Error of kind config of one line: "train.toml:12: prune.keep_ratio is 1.4; it
// must be in (0, 1]". A misspelt key names the nearest one.

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/budget/pause_rules.h"
#include "edgeprune/budget/usage_meter.h"
#include "edgeprune/config/catalogues.h"
#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/core/units.h"
#include "edgeprune/data/container.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/data/source.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/score/scores.h"
#include "edgeprune/select/auto_strategy.h"
#include "edgeprune/select/strategy.h"
#include "edgeprune/train/first_layer.h"
#include "edgeprune/train/memory_choice.h"
#include "edgeprune/train/precision_choice.h"
#include "edgeprune/train/recipe.h"
#include "edgeprune/train/resolutions.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::config {

struct Config {
  /// What scores and strategies are called here: no field of a file, and written to none.
  Catalogues catalogues;

  struct Data {
    data::SourceFormat format = data::SourceFormat::fashion_mnist;
    std::string path;         // folder formats; for `folder` the training classes' folder
    std::string test_path;    // `folder` only: the test classes' folder
    std::string images;       // idx, npy
    std::string labels;       // idx, npy
    std::string test_images;  // idx, npy
    std::string test_labels;  // idx, npy
    data::NpyLayout layout = data::NpyLayout::nhwc;
    std::uint32_t resize_height = 0;  // 0: as stored
    std::uint32_t resize_width = 0;
    std::uint32_t channels = 0;     // folder: 1 or 3; 0: as stored
    std::uint32_t train_limit = 0;  // so many samples, evenly spaced; 0: all
    std::uint32_t test_limit = 0;
    std::uint64_t sample_seed = 0;  // of the training samples of train_limit; 0: evenly spaced
    data::Part test_part = data::Part::all;
    double label_noise = 0;  // the share of training labels that are made wrong
    double class_skew = 0;   // concentration of the Dirichlet draw of class shares; 0: none
  } data;

  struct ModelSection {
    std::string network = "cnn";
    std::vector<std::uint32_t> hidden_sizes = {256};  // mlp
    float width_multiplier = 1;                       // mobilenet_v2
    nn::Stem stem = nn::Stem::small_image;            // mobilenet_v2, resnet18, resnet34
    std::string init;                                 // a safetensors file to start from
    train::FirstLayer first_layer = train::FirstLayer::random;
    nn::Freeze freeze = nn::Freeze::none;  // what training leaves as it is
  } model;

  struct Score {
    score::LossScoreMode mode = score::LossScoreMode::observed;
    std::vector<std::string> columns;     // scores gathered besides those the strategy needs
    std::uint32_t warmup_iterations = 0;  // T_0; 0: one pass over the data
    std::uint32_t evaluations = 8;        // passes over all samples in mode `evaluations`
    double resolution = 1;                // of the warm-up: height and width over those of samples
  } score;

  struct Prune {
    std::string strategy = "top";  // a row of select/strategy.h
    core::KeepRatio keep_ratio = core::KeepRatio::parse("0.5");
    std::string score;  // the score that the strategy ranks by; empty: its own
    select::PerClass per_class = select::PerClass::none;
    select::Parameters parameters = {{"hard_cutoff", -1}};        // of single strategies
    select::Constraint constraint = select::Constraint::compute;  // strategy `auto`
    std::string selection_file;  // strategy `file`: an index list (.npy) to train on
    data::Store store = data::Store::originals;
    std::uint32_t jpeg_quality = 0;  // of re-encoded images; 0: chosen
    double keep_bytes = 0;           // share of the originals' bytes; 0: by keep_ratio
  } prune;

  struct Train {
    train::Recipe recipe = train::Recipe::as_given;
    std::uint32_t epochs = 10;
    std::uint32_t batch_size = 64;
    core::LastBatch last_batch = core::LastBatch::keep;
    std::vector<train::Resolution> resolutions;  // empty: all at full size
    train::WantedPrecision precision = train::WantedPrecision::f32;
    train::MemoryMode memory = train::MemoryMode::automatic;
    std::uint32_t micro_batch_size = 0;  // 0: chosen
    nn::OptimizerOptions optimizer;      // keys: optimizer, and its members' names
    nn::Schedule schedule;               // keys: schedule, learning_rate, peak_learning_rate
    float label_smoothing = 0;
    data::Augmentation augmentation;          // keys: crop_padding_pixels, horizontal_flip,
                                              // flip_order
    std::uint32_t evaluate_every_epochs = 1;  // the last epoch always is; 0: only that one
  } train;

  struct LimitsSection {
    core::ByteCount memory_bytes;  // 0: none
  } limits;

  struct Budget {
    std::uint64_t samples = 0;    // forward and backward, warm-up included; 0: none
    budget::BudgetLimits limits;  // budget.seconds, budget.joules; a harvest is in `file` alone
    core::ByteCount bytes;        // stored after selection; 0: none
    budget::Shrink shrink = budget::Shrink::epochs;
    std::string file;    // limits and watts harvested over time, which may change while running
    std::string replay;  // decisions.jsonl of an earlier run, followed instead of measuring
  } budget;

  budget::MeterOptions energy;

  struct DeviceSection {
    std::string profile;  // cost/device_profile.h: a file, or a shipped one's name; empty: none
  } device;

  budget::PauseRules pause;

  struct Run {
    std::string directory;              // where everything is written
    std::uint64_t seed = 0;             // at most 2^63 - 1, TOML's largest integer
    std::vector<std::string> controls;  // strategies run beside this one for comparison
    std::uint32_t threads = 0;          // 0: as many as the process may use
    double checkpoint_seconds = 30;     // at most this much work is lost to a power cut
  } run;
};

/// Whether a field names a file or folder; resolve() makes its path absolute. run.directory, which
/// a run writes, is none.
enum class FieldPath {
  none,
  path,
  path_or_name,  // a path where the value is not the name of what is built in or shipped
};
[[nodiscard]] std::string_view name_of(FieldPath path);

/// Until when a field of a run that has begun may be given another value.
enum class MayChange {
  never,
  until_selected,  // before the run has chosen its samples
  always,          // limits and habits, which decisions.jsonl need not know to be replayed
};
[[nodiscard]] std::string_view name_of(MayChange when);

/// What of a run's results follows from a field.
enum class Decides {
  nothing,
  last_bits,  // how the same numbers are computed: memory
  bits,       // scores, selection, model, or what the run reports of its cost
};
[[nodiscard]] std::string_view name_of(Decides what);

/// A value of a field that needs another field set.
struct FieldNeed {
  std::string_view value;  // a word or text; empty: any but the default
  std::string_view field;
};

/// One field with all that is known of it, for the reader, `to_toml`, docs/configuration.md and
/// whoever asks what a field is: a row of the one table of fields.
struct ConfigField {
  std::string_view key;  // "train.learning_rate"
  std::string type;      // "float", "integer", "decimal", "byte count", "string", "path", "name or
                     // path", "boolean", "list of integers", "list of strings", "list of pairs of
                     // numbers", or the allowed
                     // words: "adam | adamw | sgd"
  std::string_view range;        // "above 0", "in (0, 1]", ...; empty where all goes
  std::string_view unit;         // "samples", "seconds", ...; empty where there is none
  std::string_view description;  // one or two sentences
  FieldPath path = FieldPath::none;
  MayChange may_change = MayChange::never;
  Decides decides = Decides::bits;
  bool is_set_by_comparison = false;     // by a comparison itself, for each of its runs
  bool is_dropped_for_controls = false;  // its controls run without it, or with one of their own
  std::vector<std::string_view> words;   // that it may be; empty where it is no word
  std::vector<FieldNeed> needs;
  std::string (*value)(const Config&);           // as TOML text
  void (*copy)(const Config& from, Config& to);  // this field alone
};
[[nodiscard]] const std::vector<ConfigField>& config_fields();

/// Which fields: asked of each.
using FieldQuery = bool (*)(const ConfigField&);
/// The configuration with the defaults of those fields.
[[nodiscard]] Config with_defaults(Config config, FieldQuery which);
/// Their keys for a message, in the order of the table, whole sections as one: "prune.*,
/// budget.bytes".
[[nodiscard]] std::string list_fields(FieldQuery which);
/// The field, or nullptr.
[[nodiscard]] const ConfigField* find_field(std::string_view key);

/// Reads a TOML file (an empty path: defaults only), then applies "section.key=value" overrides in
/// order and checks the whole.
[[nodiscard]] Config read_config(const std::filesystem::path& path,
                                 const std::vector<std::string>& overrides = {});
/// The same from memory; `name` stands for the file in messages.
[[nodiscard]] Config parse_config(std::string_view toml, const std::string& name,
                                  const std::vector<std::string>& overrides = {});

/// "pause.hours is now called pause.allowed_hours", where a configuration holds a name of an
/// earlier version, which read_config refuses by the same words; else "".
[[nodiscard]] std::string find_renamed(std::string_view toml);

/// The key of an override: "train.epochs" of " train.epochs = 5".
[[nodiscard]] std::string_view key_of(std::string_view override_text);

/// Every field with its value; parse_config reads it back to the same configuration.
[[nodiscard]] std::string to_toml(const Config& config);

/// docs/configuration.md's table, generated from the fields.
[[nodiscard]] std::string config_reference_markdown();

}  // namespace edgeprune::config
