#include "field_rows.h"

namespace edgeprune::config {
namespace {

constexpr Limits kChannels = {"0, 1 or 3", [](double x) { return x == 0 || x == 1 || x == 3; }};

constexpr Word<data::SourceFormat> kFormats[] = {
    {"fashion_mnist", data::SourceFormat::fashion_mnist},
    {"idx", data::SourceFormat::idx, {"data.images", "data.labels"}},
    {"cifar10", data::SourceFormat::cifar10, {"data.path"}},
    {"cifar100", data::SourceFormat::cifar100, {"data.path"}},
    {"folder", data::SourceFormat::folder, {"data.path"}},
    {"npy", data::SourceFormat::npy, {"data.images", "data.labels"}},
    {"container", data::SourceFormat::container, {"data.path"}},
    {"memory", data::SourceFormat::memory},
};
constexpr Word<data::Part> kParts[] = {
    {"all", data::Part::all},
    {"a", data::Part::a},
    {"b", data::Part::b},
};

constexpr Word<data::NpyLayout> kLayouts[] = {
    {"nhwc", data::NpyLayout::nhwc},
    {"nchw", data::NpyLayout::nchw},
};

}  // namespace

std::vector<FieldRow> data_source_rows() {
  return {
      words<kFormats>(
          {.key = "data.format",
           .description =
               "What kind of files the data set lies in. `memory`: in none; a program hands it "
               "over (docs/architecture.md)."},
          [](auto& c) -> auto& { return c.data.format; }),
      field(
          {.key = "data.path",
           .description = "`fashion_mnist`, `cifar10`, `cifar100`: the folder with the files as "
                          "they are published (empty for `fashion_mnist`: where the Debian package "
                          "puts them). `folder`: the folder of the training classes. `container`: "
                          "the file, kept.edgeprune, of a run with `prune.store = "
                          "\"reencoded\"`, or an exported one.",
           .path = FieldPath::path},
          kAny, [](auto& c) -> auto& { return c.data.path; }),
      field(
          {.key = "data.test_path",
           .description = "`folder`, `container`: the folder of the test classes (or a container). "
                          "Without a test set, test accuracy is not "
                          "reported; `fashion_mnist`, `cifar10` and `cifar100` bring their own.",
           .path = FieldPath::path},
          kAny, [](auto& c) -> auto& { return c.data.test_path; }),
      field(
          {.key = "data.images",
           .description = "`idx`, `npy`: the training images.",
           .path = FieldPath::path},
          kAny, [](auto& c) -> auto& { return c.data.images; }),
      field(
          {.key = "data.labels",
           .description = "`idx`, `npy`: the training labels.",
           .path = FieldPath::path},
          kAny, [](auto& c) -> auto& { return c.data.labels; }),
      field(
          {.key = "data.test_images",
           .description =
               "`idx`, `npy`: the test images. Without a test set, test accuracy is not reported.",
           .path = FieldPath::path,
           .needs = {{.field = "data.test_labels"}}},
          kAny, [](auto& c) -> auto& { return c.data.test_images; }),
      field(
          {.key = "data.test_labels",
           .description = "`idx`, `npy`: the test labels.",
           .path = FieldPath::path,
           .needs = {{.field = "data.test_images"}}},
          kAny, [](auto& c) -> auto& { return c.data.test_labels; }),
      words<kLayouts>(
          {.key = "data.layout", .description = "`npy`: the order of the image array's axes."},
          [](auto& c) -> auto& { return c.data.layout; }),
  };
}

std::vector<FieldRow> data_sample_rows() {
  return {
      field(
          {.key = "data.resize_height",
           .unit = "pixels",
           .description = "`folder`: resize every image to this height, with `data.resize_width`. "
                          "0: as stored, and all of one size.",
           .needs = {{.field = "data.resize_width"}}},
          kNotNegative, [](auto& c) -> auto& { return c.data.resize_height; }),
      field(
          {.key = "data.resize_width",
           .unit = "pixels",
           .description = "`folder`: resize every image to this width, with `data.resize_height`. "
                          "0: as stored.",
           .needs = {{.field = "data.resize_height"}}},
          kNotNegative, [](auto& c) -> auto& { return c.data.resize_width; }),
      field(
          {.key = "data.channels",
           .description = "`folder`: read images as grey (1) or colour (3). 0: colour if any "
                          "training image is "
                          "in colour; the test images likewise."},
          kChannels, [](auto& c) -> auto& { return c.data.channels; }),
      field(
          {.key = "data.train_limit",
           .unit = "samples",
           .description = "Use only so many training samples, evenly spaced or drawn by "
                          "`data.sample_seed`. 0: all."},
          kNotNegative, [](auto& c) -> auto& { return c.data.train_limit; }),
      field(
          {.key = "data.test_limit",
           .unit = "samples",
           .description = "Use only so many test samples, evenly spaced. 0: all."},
          kNotNegative, [](auto& c) -> auto& { return c.data.test_limit; }),
      field(
          {.key = "data.sample_seed",
           .description = "For experiments: draws the `data.train_limit` samples at random by this "
                          "seed (with `data.class_skew`: by `run.seed`). 0: evenly spaced.",
           .needs = {{.field = "data.train_limit"}}},
          kSeed, [](auto& c) -> auto& { return c.data.sample_seed; }),
      words<kParts>(
          {.key = "data.test_part",
           .description = "For experiments: `a` and `b` are the two halves of the test set, every "
                          "other sample of each class, so that settings can be tuned on one half "
                          "and reported on the other."},
          [](auto& c) -> auto& { return c.data.test_part; }),
      field(
          {.key = "data.label_noise",
           .description = "For experiments: this share of the training labels, drawn by "
                          "`run.seed`, is replaced by another class each, all equally likely."},
          kShareBelowOne, [](auto& c) -> auto& { return c.data.label_noise; }),
      field(
          {.key = "data.class_skew",
           .description = "For experiments: draws the `data.train_limit` samples with class shares "
                          "from a symmetric Dirichlet distribution of this concentration, by "
                          "`run.seed`; small is more skewed. 0: no draw.",
           .needs = {{.field = "data.train_limit"}}},
          kNotNegative, [](auto& c) -> auto& { return c.data.class_skew; }),
  };
}

}  // namespace edgeprune::config
