#include "field_rows.h"

namespace edgeprune::config {
namespace {

constexpr Limits kWidth = {"in (0, 16]", [](double x) { return x > 0 && x <= 16; }};
constexpr Limits kKeepRatio = {"in (0, 1]", [](double x) { return x > 0 && x <= 1; }};
constexpr Limits kQuality = {"in [0, 100]", [](double x) { return x >= 0 && x <= 100; }};
constexpr Limits kShareOrNone = {"in [0, 1]", [](double x) { return x >= 0 && x <= 1; }};
constexpr Limits kCutoff = {"-1 or in [0, 1)",
                            [](double x) { return x == -1 || (x >= 0 && x < 1); }};

constexpr Word<nn::Stem> kStems[] = {
    {"small_image", nn::Stem::small_image},
    {"imagenet", nn::Stem::imagenet},
};
constexpr Word<nn::Freeze> kFreezes[] = {
    {"none", nn::Freeze::none},
    {"backbone", nn::Freeze::backbone},
    {"batch_norm", nn::Freeze::batch_norm},
};
constexpr Word<train::FirstLayer> kFirstLayers[] = {
    {"random", train::FirstLayer::random},
    {"pca", train::FirstLayer::principal_components},
};
constexpr Word<score::LossScoreMode> kScoreModes[] = {
    {"observed", score::LossScoreMode::observed},
    {"evaluations", score::LossScoreMode::evaluations},
    {"detrended", score::LossScoreMode::detrended},
};
constexpr Word<select::Constraint> kConstraints[] = {
    {"compute", select::Constraint::compute},
    {"storage", select::Constraint::storage},
};
constexpr Word<data::Store> kStores[] = {
    {"originals", data::Store::originals},
    {"reencoded", data::Store::reencoded},
};
constexpr Word<select::PerClass> kQuotas[] = {
    {"none", select::PerClass::none},
    {"proportional", select::PerClass::proportional},
    {"uniform", select::PerClass::uniform},
};

}  // namespace

std::vector<FieldRow> model_rows() {
  return {
      field(
          {.key = "model.network",
           .description =
               "The network by its name: `cnn`, `mobilenet_v2`, `resnet18` and `resnet34` for "
               "images, `mlp` for feature vectors. Or a file that describes one, whose name ends "
               "in `.toml`: see [networks.md](networks.md).",
           .path = FieldPath::path_or_name},
          kNotEmpty, [](auto& c) -> auto& { return c.model.network; }),
      field(
          {.key = "model.hidden_sizes",
           .unit = "units",
           .description =
               "`mlp`: the width of each hidden layer. An empty list makes a linear classifier."},
          kAtLeastOne, [](auto& c) -> auto& { return c.model.hidden_sizes; }),
      field(
          {.key = "model.width_multiplier",
           .description =
               "`mobilenet_v2`: scales the channels of every layer, rounded to multiples of 8."},
          kWidth, [](auto& c) -> auto& { return c.model.width_multiplier; }),
      words<kStems>(
          {.key = "model.stem",
           .description = "`mobilenet_v2`, `resnet18`, `resnet34`: how the network begins. "
                          "`small_image` keeps the resolution of small images (32 x 32) at first; "
                          "`imagenet` is the published form, for about 224 x 224."},
          [](auto& c) -> auto& { return c.model.stem; }),
      field(
          {.key = "model.init",
           .description =
               "A safetensors file with the weights to start from. Empty: random, from `run.seed`. "
               "Where only the number of classes is another, the head starts from random weights.",
           .path = FieldPath::path},
          kAny, [](auto& c) -> auto& { return c.model.init; }),
      words<kFirstLayers>(
          {.key = "model.first_layer",
           .description =
               "What the first convolution starts from: random weights, or the principal "
               "components of patches of the training images "
               "([method.md](method.md#parts-of-a-short-training)). Not together with "
               "`model.init`."},
          [](auto& c) -> auto& { return c.model.first_layer; }),
      words<kFreezes>(
          {.key = "model.freeze",
           .description = "What training leaves as it is. `backbone`: all but the last linear "
                          "layer. `batch_norm`: the batch norms. A frozen batch norm uses its "
                          "running statistics and does not update them."},
          [](auto& c) -> auto& { return c.model.freeze; }),
  };
}

std::vector<FieldRow> score_rows() {
  return {
      words<kScoreModes>(
          {.key = "score.mode",
           .description = "How a sample's loss is averaged over the warm-up: over the iterations "
                          "that drew it (Algorithm 1), over forward passes on all samples "
                          "(equation 16), or as the first less each iteration's mean."},
          [](auto& c) -> auto& { return c.score.mode; }),
      field(
          {.key = "score.columns",
           .description = "Scores to gather besides `loss` and what the strategy needs; "
                          "[strategies.md](strategies.md) lists them. All come from the same "
                          "warm-up, into the "
                          "columns of scores.npy.",
           .is_dropped_for_controls = true},
          kNotEmpty, [](auto& c) -> auto& { return c.score.columns; }),
      field(
          {.key = "score.warmup_iterations",
           .unit = "steps",
           .description = "Length of the warm-up, the paper's T_0. 0: one pass over the data; with "
                          "the strategy `auto`, short of storage, as many passes as come nearest "
                          "to two thirds of the budget."},
          kNotNegative, [](auto& c) -> auto& { return c.score.warmup_iterations; }),
      field(
          {.key = "score.evaluations",
           .unit = "evaluations",
           .description =
               "`evaluations`: forward passes over all samples, evenly spaced over the warm-up."},
          kAtLeastOne, [](auto& c) -> auto& { return c.score.evaluations; }),
      field(
          {.key = "score.resolution",
           .description = "Size of the samples in the warm-up's steps, as a share of height and "
                          "width; work is counted accordingly. Forward passes are at full size. "
                          "[choosing.md](choosing.md#the-recipe) says what small sizes do to the "
                          "selection."},
          kShareAboveZero, [](auto& c) -> auto& { return c.score.resolution; }),
  };
}

std::vector<FieldRow> prune_rows() {
  return {
      field(
          {.key = "prune.strategy",
           .description =
               "Which samples are kept, by the name of a strategy "
               "([strategies.md](strategies.md)): `top` is the paper's rule, `random` the control, "
               "`auto` chooses by `prune.constraint`, `file` reads `prune.selection_file`.",
           .may_change = MayChange::until_selected,
           .is_set_by_comparison = true,
           .is_dropped_for_controls = true,
           .needs = {{.value = "file", .field = "prune.selection_file"}}},
          kNotEmpty, [](auto& c) -> auto& { return c.prune.strategy; }),
      words<kConstraints>(
          {.key = "prune.constraint",
           .description =
               "`auto`: what the device is short of. `compute`: time or energy; every sample stays "
               "stored. `storage`: room; only the kept samples need to stay after selection.",
           .may_change = MayChange::until_selected},
          [](auto& c) -> auto& { return c.prune.constraint; }),
      field(
          {.key = "prune.keep_ratio",
           .description = "The share of its samples that the device keeps, taken exactly as the "
                          "decimal written: a number, or a string of up to 18 digits.",
           .may_change = MayChange::until_selected,
           .is_set_by_comparison = true},
          kKeepRatio, [](auto& c) -> auto& { return c.prune.keep_ratio; }),
      field(
          {.key = "prune.score",
           .description = "The score that the strategy ranks by. Empty: the strategy's own.",
           .may_change = MayChange::until_selected,
           .is_set_by_comparison = true,
           .is_dropped_for_controls = true},
          kAny, [](auto& c) -> auto& { return c.prune.score; }),
      words<kQuotas>(
          {.key = "prune.per_class",
           .description =
               "Selects within each class: of every class the same share (`proportional`), or the "
               "same number (`uniform`; what a small class lacks goes to the others).",
           .may_change = MayChange::until_selected,
           .is_set_by_comparison = true,
           .is_dropped_for_controls = true},
          [](auto& c) -> auto& { return c.prune.per_class; }),
      field(
          {.key = "prune.hard_cutoff",
           .description = "`stratified`: the share of hardest samples that is left out. -1: by the "
                          "keep ratio.",
           .may_change = MayChange::until_selected},
          kCutoff, [](auto& c) -> auto& { return c.prune.parameters.at("hard_cutoff"); }),
      field(
          {.key = "prune.selection_file",
           .description = "Strategy `file`: an index list (.npy) of the samples to train on.",
           .path = FieldPath::path,
           .may_change = MayChange::until_selected,
           .is_set_by_comparison = true},
          kAny, [](auto& c) -> auto& { return c.prune.selection_file; }),
      words<kStores>(
          {.key = "prune.store",
           .description = "How the kept samples are stored and trained on: as they were read, or "
                          "re-encoded in one file, kept.edgeprune, where more of them fit the same "
                          "bytes ([choosing.md](choosing.md#short-of-storage-bytes)). Strategies "
                          "that keep everything keep it as it was read. The files that were read "
                          "are never touched.",
           .may_change = MayChange::until_selected},
          [](auto& c) -> auto& { return c.prune.store; }),
      field(
          {.key = "prune.jpeg_quality",
           .description =
               "`reencoded`: the JPEG quality of images, lowered where the bytes ask for "
               "it. 0: 25, or as high as the bytes allow once every sample is kept.",
           .may_change = MayChange::until_selected},
          kQuality, [](auto& c) -> auto& { return c.prune.jpeg_quality; }),
      field(
          {.key = "prune.keep_bytes",
           .description = "`reencoded`: as many samples are kept as fit this share of the bytes "
                          "that all originals take in one file, instead of `prune.keep_ratio`. 0: "
                          "by `prune.keep_ratio`.",
           .may_change = MayChange::until_selected},
          kShareOrNone, [](auto& c) -> auto& { return c.prune.keep_bytes; }),
  };
}

}  // namespace edgeprune::config
