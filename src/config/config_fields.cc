#include "config_fields.h"

#include "edgeprune/core/nearest_word.h"
#include "edgeprune/core/toml_string.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <type_traits>

namespace edgeprune::config {
namespace {

constexpr Limits kNotEmpty = {"non-empty", [](double length) { return length > 0; }};
constexpr Limits kAtLeastOne = {"at least 1", [](double x) { return x >= 1; }};
constexpr Limits kNotNegative = {"at least 0", [](double x) { return x >= 0; }};
constexpr Limits kShareBelowOne = {"in [0, 1)", [](double x) { return x >= 0 && x < 1; }};
constexpr Limits kCutoff = {"-1 or in [0, 1)",
                            [](double x) { return x == -1 || (x >= 0 && x < 1); }};
constexpr Limits kKeepRatio = {"in (0, 1]", [](double x) { return x > 0 && x <= 1; }};
constexpr Limits kWidth = {"in (0, 16]", [](double x) { return x > 0 && x <= 16; }};
constexpr Limits kChannels = {"0, 1 or 3", [](double x) { return x == 0 || x == 1 || x == 3; }};
constexpr Limits kIdleWatts = {"-1 or at least 0", [](double x) { return x == -1 || x >= 0; }};
constexpr Limits kPercent = {"in [0, 100]", [](double x) { return x >= 0 && x <= 100; }};
constexpr Limits kSampleSeconds = {"in [0.001, 60]",
                                   [](double x) { return x >= 0.001 && x <= 60; }};
constexpr Limits kThreads = {"in [0, 1024]", [](double x) { return x >= 0 && x <= 1024; }};
constexpr Limits kSeed = {"in [0, 9223372036854775807]", [](double x) { return x >= 0; }};

template <typename E>
struct Word {
  std::string_view name;
  E value;
};

constexpr Word<data::SourceFormat> kFormats[] = {
    {"fashion_mnist", data::SourceFormat::fashion_mnist},
    {"idx", data::SourceFormat::idx},
    {"cifar10", data::SourceFormat::cifar10},
    {"cifar100", data::SourceFormat::cifar100},
    {"folder", data::SourceFormat::folder},
    {"npy", data::SourceFormat::npy},
};
constexpr Word<data::NpyLayout> kLayouts[] = {
    {"nhwc", data::NpyLayout::nhwc},
    {"nchw", data::NpyLayout::nchw},
};
constexpr Word<nn::Stem> kStems[] = {
    {"small_image", nn::Stem::small_image},
    {"imagenet", nn::Stem::imagenet},
};
constexpr Word<nn::Freeze> kFreezes[] = {
    {"none", nn::Freeze::none},
    {"backbone", nn::Freeze::backbone},
    {"batch_norm", nn::Freeze::batch_norm},
};
constexpr Word<score::LossScoreMode> kScoreModes[] = {
    {"observed", score::LossScoreMode::observed},
    {"evaluations", score::LossScoreMode::evaluations},
    {"detrended", score::LossScoreMode::detrended},
};
constexpr Word<select::PerClass> kQuotas[] = {
    {"none", select::PerClass::none},
    {"proportional", select::PerClass::proportional},
    {"uniform", select::PerClass::uniform},
};
constexpr Word<select::Constraint> kConstraints[] = {
    {"compute", select::Constraint::compute},
    {"storage", select::Constraint::storage},
};
constexpr Word<train::Recipe> kRecipes[] = {
    {"as_given", train::Recipe::as_given},
    {"auto", train::Recipe::automatic},
};
constexpr Word<budget::Shrink> kShrinks[] = {
    {"epochs", budget::Shrink::epochs},
    {"share", budget::Shrink::share},
};
constexpr Word<energy::MeterChoice> kMeters[] = {
    {"auto", energy::MeterChoice::automatic},  {"none", energy::MeterChoice::none},
    {"rapl", energy::MeterChoice::rapl},       {"battery", energy::MeterChoice::battery},
    {"hwmon", energy::MeterChoice::hwmon},     {"nvml", energy::MeterChoice::nvml},
    {"command", energy::MeterChoice::command}, {"file", energy::MeterChoice::file},
    {"model", energy::MeterChoice::model},
};
constexpr Word<nn::OptimizerKind> kOptimizers[] = {
    {"adam", nn::OptimizerKind::adam},
    {"adamw", nn::OptimizerKind::adamw},
    {"sgd", nn::OptimizerKind::sgd},
};
constexpr Word<nn::ScheduleKind> kSchedules[] = {
    {"constant", nn::ScheduleKind::constant},
    {"cosine", nn::ScheduleKind::cosine},
    {"one_cycle", nn::ScheduleKind::one_cycle},
};
constexpr Word<train::WantedPrecision> kPrecisions[] = {
    {"f32", train::WantedPrecision::f32},
    {"bf16", train::WantedPrecision::bf16},
    {"bf16_or_f32", train::WantedPrecision::bf16_or_f32},
    {"bf16_storage", train::WantedPrecision::bf16_storage},
};
constexpr Word<train::MemoryMode> kMemoryModes[] = {
    {"auto", train::MemoryMode::automatic},
    {"keep", train::MemoryMode::keep},
    {"recompute", train::MemoryMode::recompute},
    {"accumulate", train::MemoryMode::accumulate},
};

template <const auto& kWords>
std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  for (const auto& word : kWords) names.push_back(word.name);
  return names;
}

// `Member` is a lambda without captures that names the member: its type alone says which.
template <typename Member>
FieldRow field(std::string_view key, Limits limits, std::string_view unit,
               std::string_view description, Member member) {
  using Value = std::remove_cvref_t<decltype(member(std::declval<Config&>()))>;
  return {.documented = {.key = key,
                         .type = std::string(type_name(Value())),
                         .range = limits.text,
                         .unit = unit,
                         .description = description,
                         .value = [](const Config& c) { return print_value(Member()(c)); }},
          .limits = limits,
          .is_text = std::is_same_v<Value, std::string>,
          .set = [](Config& c, const GivenValue& given, const Limits& its_limits) {
            return read_value(given, its_limits, Member()(c));
          }};
}

template <const auto& kWords, typename Member>
FieldRow words(std::string_view key, std::string_view description, Member) {
  const auto value = [](const Config& c) {
    const auto word = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&c](const auto& row) { return row.value == Member()(c); });
    return core::toml_string(word->name);
  };
  const auto set = [](Config& c, const GivenValue& given, const Limits&) {
    std::size_t place = 0;
    std::string must_be = read_word(given, names_of<kWords>(), place);
    if (must_be.empty()) Member()(c) = kWords[place].value;
    return must_be;
  };
  return {.documented = {.key = key,
                         .type = fmt::format("{}", fmt::join(names_of<kWords>(), " | ")),
                         .description = description,
                         .value = value},
          .limits = kAny,
          .is_text = true,
          .set = set};
}

std::vector<FieldRow> data_rows() {
  return {
      words<kFormats>(
          "data.format", "What kind of files the data set lies in.",
          [](auto& c) -> auto& { return c.data.format; }),
      field(
          "data.path", kAny, "",
          "`fashion_mnist`, `cifar10`, `cifar100`: the folder with the files as they are "
          "published (empty for `fashion_mnist`: where the Debian package puts them). `folder`: "
          "the folder of the training classes.",
          [](auto& c) -> auto& { return c.data.path; }),
      field(
          "data.test_path", kAny, "",
          "`folder`: the folder of the test classes. Without a test set, test accuracy is not "
          "reported; `fashion_mnist`, `cifar10` and `cifar100` bring their own.",
          [](auto& c) -> auto& { return c.data.test_path; }),
      field(
          "data.images", kAny, "", "`idx`, `npy`: the training images.",
          [](auto& c) -> auto& { return c.data.images; }),
      field(
          "data.labels", kAny, "", "`idx`, `npy`: the training labels.",
          [](auto& c) -> auto& { return c.data.labels; }),
      field(
          "data.test_images", kAny, "",
          "`idx`, `npy`: the test images. Without a test set, test accuracy is not reported.",
          [](auto& c) -> auto& { return c.data.test_images; }),
      field(
          "data.test_labels", kAny, "", "`idx`, `npy`: the test labels.",
          [](auto& c) -> auto& { return c.data.test_labels; }),
      words<kLayouts>(
          "data.layout", "`npy`: the order of the image array's axes.",
          [](auto& c) -> auto& { return c.data.layout; }),
      field(
          "data.resize_height", kNotNegative, "pixels",
          "`folder`: resize every image to this height, with `data.resize_width`. 0: as stored, "
          "and all of one size.",
          [](auto& c) -> auto& { return c.data.resize_height; }),
      field(
          "data.resize_width", kNotNegative, "pixels",
          "`folder`: resize every image to this width, with `data.resize_height`. 0: as stored.",
          [](auto& c) -> auto& { return c.data.resize_width; }),
      field(
          "data.channels", kChannels, "",
          "`folder`: read images as grey (1) or colour (3). 0: as the first image is stored.",
          [](auto& c) -> auto& { return c.data.channels; }),
      field(
          "data.train_limit", kNotNegative, "samples",
          "Use only so many training samples, evenly spaced. 0: all.",
          [](auto& c) -> auto& { return c.data.train_limit; }),
      field(
          "data.test_limit", kNotNegative, "samples",
          "Use only so many test samples, evenly spaced. 0: all.",
          [](auto& c) -> auto& { return c.data.test_limit; }),
      field(
          "data.label_noise", kShareBelowOne, "",
          "For experiments: this share of the training labels, drawn by `run.seed`, is replaced by "
          "another class each, all equally likely.",
          [](auto& c) -> auto& { return c.data.label_noise; }),
      field(
          "data.class_skew", kNotNegative, "",
          "For experiments: draws the `data.train_limit` samples with class shares from a "
          "symmetric Dirichlet distribution of this concentration, by `run.seed`; small is more "
          "skewed. 0: no draw.",
          [](auto& c) -> auto& { return c.data.class_skew; }),
  };
}

std::vector<FieldRow> model_rows() {
  return {
      field(
          "model.network", kNotEmpty, "",
          "The network by its name: `cnn`, `mobilenet_v2`, `resnet18` and `resnet34` for images, "
          "`mlp` for feature vectors. Or a file that describes one, whose name ends in `.toml`: "
          "see [networks.md](networks.md).",
          [](auto& c) -> auto& { return c.model.network; }),
      field(
          "model.hidden_sizes", kAtLeastOne, "units",
          "`mlp`: the width of each hidden layer. An empty list makes a linear classifier.",
          [](auto& c) -> auto& { return c.model.hidden_sizes; }),
      field(
          "model.width_multiplier", kWidth, "",
          "`mobilenet_v2`: scales the channels of every layer, rounded to multiples of 8.",
          [](auto& c) -> auto& { return c.model.width_multiplier; }),
      words<kStems>(
          "model.stem",
          "`mobilenet_v2`, `resnet18`, `resnet34`: how the network begins. `small_image` keeps "
          "the resolution of small images (32 x 32) at first; `imagenet` is the published form, "
          "for about 224 x 224.",
          [](auto& c) -> auto& { return c.model.stem; }),
      field(
          "model.init", kAny, "",
          "A safetensors file with the weights to start from. Empty: random, from `run.seed`. "
          "Where only the number of classes is another, the head starts from random weights.",
          [](auto& c) -> auto& { return c.model.init; }),
      words<kFreezes>(
          "model.freeze",
          "What training leaves as it is. `backbone`: all but the last linear layer. `batch_norm`: "
          "the batch norms. A frozen batch norm uses its running statistics and does not update "
          "them.",
          [](auto& c) -> auto& { return c.model.freeze; }),
  };
}

std::vector<FieldRow> score_rows() {
  return {
      words<kScoreModes>(
          "score.mode",
          "How a sample's loss is averaged over the warm-up: over the iterations that drew it "
          "(Algorithm 1), over forward passes on all samples (equation 16), or as the first less "
          "each iteration's mean.",
          [](auto& c) -> auto& { return c.score.mode; }),
      field(
          "score.columns", kNotEmpty, "",
          "Scores to gather besides `loss` and what the strategy needs; `edgeprune strategies` "
          "lists them. All come from the same warm-up, into the columns of scores.npy.",
          [](auto& c) -> auto& { return c.score.columns; }),
      field(
          "score.warmup_iterations", kNotNegative, "steps",
          "Length of the warm-up, the paper's T_0. 0: one pass over the data; with the strategy "
          "`auto`, short of storage, as many passes as come nearest to half of the budget.",
          [](auto& c) -> auto& { return c.score.warmup_iterations; }),
      field(
          "score.evaluations", kAtLeastOne, "evaluations",
          "`evaluations`: forward passes over all samples, evenly spaced over the warm-up.",
          [](auto& c) -> auto& { return c.score.evaluations; }),
  };
}

std::vector<FieldRow> prune_rows() {
  return {
      field(
          "prune.strategy", kNotEmpty, "",
          "Which samples are kept, by the name of a strategy ([strategies.md](strategies.md)): "
          "`top` is the paper's rule, `random` the control, `auto` chooses by "
          "`prune.constraint`, `file` reads `prune.selection_file`.",
          [](auto& c) -> auto& { return c.prune.strategy; }),
      words<kConstraints>(
          "prune.constraint",
          "`auto`: what the device is short of. `compute`: time or energy; every sample stays "
          "stored. `storage`: room; only the kept samples need to stay after selection.",
          [](auto& c) -> auto& { return c.prune.constraint; }),
      field(
          "prune.keep_ratio", kKeepRatio, "",
          "The share of its samples that the device keeps, taken exactly as the decimal written: "
          "a number, or a string of up to 18 digits.",
          [](auto& c) -> auto& { return c.prune.keep_ratio; }),
      field(
          "prune.score", kAny, "",
          "The score that the strategy ranks by. Empty: the strategy's own.",
          [](auto& c) -> auto& { return c.prune.score; }),
      words<kQuotas>(
          "prune.per_class",
          "Selects within each class: of every class the same share (`proportional`), or the same "
          "number (`uniform`; what a small class lacks goes to the others).",
          [](auto& c) -> auto& { return c.prune.per_class; }),
      field(
          "prune.hard_cutoff", kCutoff, "",
          "`stratified`: the share of hardest samples that is left out. -1: by the keep ratio.",
          [](auto& c) -> auto& { return c.prune.hard_cutoff; }),
      field(
          "prune.selection_file", kAny, "",
          "Strategy `file`: an index list (.npy) of the samples to train on.",
          [](auto& c) -> auto& { return c.prune.selection_file; }),
  };
}

std::vector<FieldRow> optimizer_rows() {
  return {
      words<kOptimizers>(
          "train.optimizer", "The optimizer, as `torch.optim` defines it.",
          [](auto& c) -> auto& { return c.train.optimizer.kind; }),
      field(
          "train.momentum", kShareBelowOne, "", "`sgd`: momentum.",
          [](auto& c) -> auto& { return c.train.optimizer.momentum; }),
      field(
          "train.beta1", kShareBelowOne, "", "`adam`, `adamw`: decay of the mean of the gradients.",
          [](auto& c) -> auto& { return c.train.optimizer.beta1; }),
      field(
          "train.beta2", kShareBelowOne, "",
          "`adam`, `adamw`: decay of the mean of the squared gradients.",
          [](auto& c) -> auto& { return c.train.optimizer.beta2; }),
      field(
          "train.epsilon", kAboveZero, "", "`adam`, `adamw`: added to the denominator.",
          [](auto& c) -> auto& { return c.train.optimizer.epsilon; }),
      field(
          "train.weight_decay", kNotNegative, "",
          "`sgd`, `adam`: added to the gradient; `adamw`: decoupled from it.",
          [](auto& c) -> auto& { return c.train.optimizer.weight_decay; }),
  };
}

std::vector<FieldRow> train_rows() {
  return {
      words<kRecipes>(
          "train.recipe",
          "`as_given` trains as the fields below say. `auto` sets schedule, peak learning rate, "
          "label smoothing and `train.beta2` by the number of steps and whether there is a "
          "warm-up, for the warm-up too ([choosing.md](choosing.md#the-recipe)).",
          [](auto& c) -> auto& { return c.train.recipe; }),
      field(
          "train.epochs", kAtLeastOne, "passes", "Passes over the kept samples.",
          [](auto& c) -> auto& { return c.train.epochs; }),
      field(
          "train.batch_size", kAtLeastOne, "samples", "Samples per step, in the warm-up too.",
          [](auto& c) -> auto& { return c.train.batch_size; }),
      words<kPrecisions>(
          "train.precision",
          "How activations are stored and multiplied; weights, sums and losses stay f32. `bf16` "
          "needs a CPU that multiplies it (`edgeprune doctor` says), `bf16_or_f32` takes f32 on "
          "another. `bf16_storage` stores activations and their gradients as bf16, in half the "
          "memory, and multiplies in f32, on any CPU.",
          [](auto& c) -> auto& { return c.train.precision; }),
      words<kMemoryModes>(
          "train.memory",
          "`keep` keeps every activation for the backward pass. `recompute` computes most of them "
          "again: less memory, more time, the same bits. `accumulate` runs a batch in "
          "micro-batches and adds up their gradients; batch norm then normalises each by itself. "
          "`auto`: the first of these that keeps within `limits.memory_bytes`.",
          [](auto& c) -> auto& { return c.train.memory; }),
      field(
          "train.micro_batch_size", kNotNegative, "samples",
          "Samples per micro-batch where a batch is split. 0: the largest equal parts that keep "
          "within `limits.memory_bytes`.",
          [](auto& c) -> auto& { return c.train.micro_batch_size; }),
      words<kSchedules>(
          "train.schedule",
          "How the learning rate moves over the steps after the warm-up, which runs "
          "at `train.learning_rate`.",
          [](auto& c) -> auto& { return c.train.schedule.kind; }),
      field(
          "train.learning_rate", kAboveZero, "", "The base learning rate.",
          [](auto& c) -> auto& { return c.train.schedule.base_learning_rate; }),
      field(
          "train.peak_learning_rate", kNotNegative, "",
          "`one_cycle`: the highest learning rate. 0: three times `train.learning_rate`.",
          [](auto& c) -> auto& { return c.train.schedule.peak_learning_rate; }),
      field(
          "train.label_smoothing", kShareBelowOne, "",
          "The share of each label's weight that is spread over all classes. Scores never use "
          "it.",
          [](auto& c) -> auto& { return c.train.label_smoothing; }),
      field(
          "train.crop_padding_pixels", kNotNegative, "pixels",
          "Random crops of the original size after this much zero padding on each side. Off "
          "while scoring.",
          [](auto& c) -> auto& { return c.train.augmentation.crop_padding_pixels; }),
      field(
          "train.horizontal_flip", kAny, "",
          "Mirror each image with probability 1/2. Off while scoring.",
          [](auto& c) -> auto& { return c.train.augmentation.horizontal_flip; }),
      field(
          "train.evaluate_every_epochs", kNotNegative, "epochs",
          "How often losses and accuracies are measured; after the last epoch they always are. "
          "0: only then.",
          [](auto& c) -> auto& { return c.train.evaluate_every_epochs; }),
  };
}

std::vector<FieldRow> limits_rows() {
  return {
      field(
          "limits.memory_bytes", kAny, "bytes",
          "The most memory that the whole process may take, as predicted: a number, or text such "
          "as `\"400MB\"` (1000) or `\"512MiB\"` (1024). 0: no limit.",
          [](auto& c) -> auto& { return c.limits.memory_bytes; }),
  };
}

std::vector<FieldRow> budget_rows() {
  return {
      field(
          "budget.samples", kNotNegative, "samples",
          "Forward and backward passes over a sample that the run may spend, warm-up included; "
          "forward passes that score count by their share of the work. Training lasts as long as "
          "they allow, instead of `train.epochs`. 0: no budget.",
          [](auto& c) -> auto& { return c.budget.samples; }),
      field(
          "budget.seconds", kNotNegative, "seconds",
          "The time that the run may take, everything included, pauses apart. `train.epochs` is "
          "shortened to fit ([costs.md](costs.md)). 0: no budget.",
          [](auto& c) -> auto& { return c.budget.limits.seconds; }),
      field(
          "budget.joules", kNotNegative, "joules",
          "The energy that the run may take, by the meters that count (`energy.meter`). "
          "`train.epochs` is shortened to fit. 0: no budget.",
          [](auto& c) -> auto& { return c.budget.limits.joules; }),
      field(
          "budget.bytes", kAny, "bytes",
          "What may stay stored after selection: the keep ratio is lowered to fit. 0: no budget.",
          [](auto& c) -> auto& { return c.budget.bytes; }),
      words<kShrinks>(
          "budget.shrink",
          "What a run short of time or energy makes less of. `epochs`: passes over the kept "
          "samples, the last one cut. `share`: it makes all its passes, each over a fresh share of "
          "the kept samples.",
          [](auto& c) -> auto& { return c.budget.shrink; }),
      field(
          "budget.file", kAny, "",
          "A TOML file with `seconds`, `joules` and `harvest`, read again before every decision: "
          "what the budget is by now, and the watts that come in over time "
          "([costs.md](costs.md#a-budget-that-changes)).",
          [](auto& c) -> auto& { return c.budget.file; }),
      field(
          "budget.replay", kAny, "",
          "The decisions.jsonl of an earlier run: its decisions are taken again, whatever this run "
          "measures, and the bits are the same.",
          [](auto& c) -> auto& { return c.budget.replay; }),
  };
}

std::vector<FieldRow> energy_rows() {
  return {
      words<kMeters>(
          "energy.meter",
          "What joules are read from; `edgeprune doctor` lists what there is. `auto`: the best one "
          "that can be read, else none. `model`: power times time, nothing is measured.",
          [](auto& c) -> auto& { return c.energy.meter; }),
      field(
          "energy.command", kAny, "",
          "`command`: prints watts (`12.3`, `12.3 W`) or joules (`512 J`) each time it is called.",
          [](auto& c) -> auto& { return c.energy.command; }),
      field(
          "energy.file", kAny, "", "`file`: holds the same, and is read again and again.",
          [](auto& c) -> auto& { return c.energy.file; }),
      field(
          "energy.power_watts", kNotNegative, "watts",
          "`model`: the device's power while it trains. 0: that of `device.profile`.",
          [](auto& c) -> auto& { return c.energy.power_watts; }),
      field(
          "energy.idle_watts", kIdleWatts, "watts",
          "What the machine takes doing nothing, reported apart. -1: that of `device.profile`, or "
          "not known.",
          [](auto& c) -> auto& { return c.energy.idle_watts; }),
      field(
          "energy.sample_seconds", kSampleSeconds, "seconds", "Time between readings.",
          [](auto& c) -> auto& { return c.energy.sample_seconds; }),
  };
}

std::vector<FieldRow> device_rows() {
  return {
      field(
          "device.profile", kAny, "",
          "The device as a profile describes it: a file, as `edgeprune calibrate` writes it, or "
          "the name of a shipped one (`edgeprune plan --list-profiles`). Predictions come from it.",
          [](auto& c) -> auto& { return c.device.profile; }),
  };
}

std::vector<FieldRow> pause_rows() {
  return {
      field(
          "pause.battery_percent", kPercent, "percent",
          "The run pauses while the battery is below this and not charging. 0: never.",
          [](auto& c) -> auto& { return c.pause.battery_percent; }),
      field(
          "pause.temperature_celsius", kNotNegative, "degrees Celsius",
          "The run pauses while the hottest thermal zone is above this. 0: never.",
          [](auto& c) -> auto& { return c.pause.temperature_celsius; }),
      field(
          "pause.allowed_hours", kAny, "",
          "Local time in which the run may work, such as `\"22:00-06:00\"`. Empty: always.",
          [](auto& c) -> auto& { return c.pause.allowed_hours; }),
      field(
          "pause.stops", kAny, "",
          "Instead of waiting, a run that should pause ends, resumably, with an exit code of its "
          "own.",
          [](auto& c) -> auto& { return c.pause.stops; }),
  };
}

std::vector<FieldRow> run_rows() {
  return {
      field(
          "run.directory", kAny, "",
          "Where everything is written; `--run-dir` on the command line.",
          [](auto& c) -> auto& { return c.run.directory; }),
      field(
          "run.seed", kSeed, "",
          "What all randomness follows from: at most 2^63 - 1, TOML's largest integer.",
          [](auto& c) -> auto& { return c.run.seed; }),
      field(
          "run.controls", kNotEmpty, "",
          "Strategies to run beside this one for comparison, such as `full`, `random`, "
          "`random_scratch` and `short`; `--controls` on the command line.",
          [](auto& c) -> auto& { return c.run.controls; }),
      field(
          "run.threads", kThreads, "threads", "0: as many as the process may use.",
          [](auto& c) -> auto& { return c.run.threads; }),
      field(
          "run.checkpoint_seconds", kNotNegative, "seconds",
          "Time between checkpoints: at most this much work is lost to a power cut. 0: a "
          "checkpoint after every step.",
          [](auto& c) -> auto& { return c.run.checkpoint_seconds; }),
  };
}

std::vector<FieldRow> all_rows() {
  std::vector<FieldRow> rows;
  for (const auto& section :
       {data_rows, model_rows, score_rows, prune_rows, train_rows, optimizer_rows, limits_rows,
        budget_rows, energy_rows, device_rows, pause_rows, run_rows}) {
    for (FieldRow& row : section()) rows.push_back(std::move(row));
  }
  return rows;
}

// A key in the wrong section is as near as one with a single wrong letter.
std::size_t distance_between(std::string_view unknown, std::string_view key) {
  return std::min(core::edit_distance(unknown, key),
                  1 + core::edit_distance(name_of(unknown), name_of(key)));
}

}  // namespace

const std::vector<FieldRow>& field_rows() {
  static const std::vector<FieldRow> rows = all_rows();
  return rows;
}

const std::vector<ConfigField>& config_fields() {
  static const std::vector<ConfigField> fields = [] {
    std::vector<ConfigField> documented;
    for (const FieldRow& row : field_rows()) documented.push_back(row.documented);
    return documented;
  }();
  return fields;
}

const FieldRow* find_row(std::string_view key) {
  for (const FieldRow& row : field_rows()) {
    if (row.documented.key == key) return &row;
  }
  return nullptr;
}

std::string_view nearest_key(std::string_view unknown) {
  if (unknown.size() > core::kLongestWordCompared) return {};
  std::string_view nearest;
  std::size_t nearest_distance = name_of(unknown).size() / 2;
  for (const FieldRow& row : field_rows()) {
    const std::size_t distance = distance_between(unknown, row.documented.key);
    if (distance > nearest_distance || (distance == nearest_distance && !nearest.empty())) continue;
    nearest = row.documented.key;
    nearest_distance = distance;
  }
  return nearest;
}

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  for (const FieldRow& row : field_rows()) {
    const std::string_view section = section_of(row.documented.key);
    if (names.empty() || names.back() != section) names.push_back(section);
  }
  return names;
}

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string_view name_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

Config unresolved_defaults() {
  Config config;
  config.train.schedule.peak_learning_rate = 0;
  return config;
}

}  // namespace edgeprune::config
