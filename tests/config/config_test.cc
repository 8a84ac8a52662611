#include "edgeprune/config/config.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace edgeprune::config {
namespace {

using core::ErrorKind;
using testing::expect_error;

Config parse(std::string_view toml, const std::vector<std::string>& overrides = {}) {
  return parse_config(toml, "train.toml", overrides);
}

void expect_message(const std::string& message, std::string_view toml,
                    const std::vector<std::string>& overrides = {}) {
  try {
    (void)parse(toml, overrides);
    ADD_FAILURE() << "no error was thrown instead of: " << message;
  } catch (const core::Error& error) {
    EXPECT_EQ(error.what(), message);
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(ErrorKind::config));
  }
}

std::string read_document(const std::string& name) {
  std::ifstream file(std::string(EDGEPRUNE_SOURCE_DIR) + "/docs/" + name);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return {};
  const std::size_t start = from + begin.size();
  return text.substr(start, text.find(end, start) - start);
}

TEST(Config, IsTheDefaultsForAnEmptyFile) {
  EXPECT_EQ(to_toml(parse("")), to_toml(Config()));
  EXPECT_EQ(to_toml(read_config("")), to_toml(Config()));
}

TEST(Config, ReadsFieldsOfEveryType) {
  const Config config = parse(R"(
[data]
format = "npy"
images = "a/images.npy"
labels = 'labels.npy'
layout = "nchw"
[model]
network = "mlp"
hidden_sizes = [64, 32]
[prune]
keep_ratio = 0.29
[train]
optimizer = "sgd"
learning_rate = 0.25
weight_decay = 1
horizontal_flip = true
[run]
seed = 9223372036854775807
controls = ["full", "random"]
checkpoint_seconds = 2.5
)");
  EXPECT_EQ(config.data.format, data::SourceFormat::npy);
  EXPECT_EQ(config.data.images, "a/images.npy");
  EXPECT_EQ(config.data.labels, "labels.npy");
  EXPECT_EQ(config.data.layout, data::NpyLayout::nchw);
  EXPECT_EQ(config.model.hidden_sizes, (std::vector<std::uint32_t>{64, 32}));
  EXPECT_EQ(config.prune.keep_ratio.num_kept(100), 29u);
  EXPECT_EQ(config.train.optimizer.kind, nn::OptimizerKind::sgd);
  EXPECT_EQ(config.train.schedule.base_learning_rate, 0.25f);
  EXPECT_EQ(config.train.optimizer.weight_decay, 1.0f);
  EXPECT_TRUE(config.train.augmentation.horizontal_flip);
  EXPECT_EQ(config.run.seed, 9223372036854775807u);
  EXPECT_EQ(config.run.controls, (std::vector<std::string>{"full", "random"}));
  EXPECT_EQ(config.run.checkpoint_seconds, 2.5);
}

TEST(Config, TakesDottedKeysAndInlineTablesAsSections) {
  EXPECT_EQ(parse("train.epochs = 3").train.epochs, 3u);
  EXPECT_EQ(parse("train = {epochs = 3}").train.epochs, 3u);
}

TEST(Config, TakesAnEmptyListOfHiddenSizesForALinearClassifier) {
  EXPECT_TRUE(parse("model.hidden_sizes = []").model.hidden_sizes.empty());
}

TEST(Config, NamesLineFieldAndRangeOfAValueOutOfRange) {
  expect_message("train.toml:2: prune.keep_ratio is 1.4; it must be in (0, 1]",
                 "[prune]\nkeep_ratio = 1.4");
  expect_message("train.toml:2: train.epochs is 0; it must be at least 1", "[train]\nepochs = 0");
  expect_message("train.toml:1: train.batch_size is -3; it must be at least 1",
                 "train.batch_size = -3");
  expect_message("train.toml:1: score.warmup_iterations is -1; it must be at least 0",
                 "score.warmup_iterations = -1");
  expect_message("train.toml:1: train.epochs is 4294967296; it must be at most 4294967295",
                 "train.epochs = 4294967296");
  expect_message("train.toml:1: train.learning_rate is 0; it must be above 0",
                 "train.learning_rate = 0");
  expect_message("train.toml:1: train.learning_rate is inf; it must be a finite number, above 0",
                 "train.learning_rate = inf");
  expect_message("train.toml:1: train.weight_decay is nan; it must be a finite number, at least 0",
                 "train.weight_decay = nan");
  expect_message("train.toml:1: train.momentum is 1; it must be in [0, 1)", "train.momentum = 1.0");
  expect_message("train.toml:1: train.epsilon is 0; it must be above 0", "train.epsilon = 0.0");
  expect_message("train.toml:1: train.label_smoothing is -0.1; it must be in [0, 1)",
                 "train.label_smoothing = -0.1");
  expect_message("train.toml:1: score.evaluations is 0; it must be at least 1",
                 "score.evaluations = 0");
  expect_message("train.toml:1: run.threads is 1025; it must be in [0, 1024]",
                 "run.threads = 1025");
  expect_message("train.toml:1: run.checkpoint_seconds is -1; it must be at least 0",
                 "run.checkpoint_seconds = -1");
  expect_message("train.toml:1: data.channels is 2; it must be 0, 1 or 3", "data.channels = 2");
  expect_message("train.toml:1: run.seed is -1; it must be in [0, 9223372036854775807]",
                 "run.seed = -1");
  expect_message("train.toml:1: prune.strategy is \"\"; it must be non-empty",
                 "prune.strategy = \"\"");
  expect_message(
      "train.toml:1: model.hidden_sizes is [ 64, 0 ]; it must be a list of whole numbers, each at "
      "least 1",
      "model.hidden_sizes = [64, 0]");
}

TEST(Config, ChecksTheNumberThatAFloatKeeps) {
  expect_message(
      "train.toml:1: train.beta2 is 0.99999999999; it must be in [0, 1), and as a "
      "32-bit float it is 1",
      "train.beta2 = 0.99999999999");
  expect_message(
      "train.toml:1: train.learning_rate is 1e-60; it must be above 0, and as a 32-bit "
      "float it is 0",
      "train.learning_rate = 1e-60");
  expect_message("train.toml:1: train.learning_rate is 1e+60; it must be a finite number, above 0",
                 "train.learning_rate = 1e60");
}

TEST(Config, ChecksTheNumberOfAnOverride) {
  const auto expect_refused = [](const std::string& key, const std::string& value,
                                 const std::string& complaint) {
    const std::string shown = value.size() > 80 ? value.substr(0, 80) + "..." : value;
    const std::string set = key + "=" + value;
    const std::string place = set.size() > 80 ? set.substr(0, 80) + "..." : set;
    expect_message(place + ": " + key + " is " + shown + complaint, "", {set});
  };
  const std::string whole = ", which is beyond all numbers; it must be a whole number, at least 1";
  const std::string finite = ", which is beyond all numbers; it must be a number, above 0";
  const std::string digits(309, '9');
  expect_refused("train.epochs", digits, whole);
  expect_refused("train.epochs", "-" + digits, whole);
  expect_refused("train.epochs", "9223372036854775808", whole);
  expect_refused("train.learning_rate", digits, finite);
  expect_refused("train.learning_rate", "1e400", finite);
  expect_refused("train.learning_rate", "-1e400", finite);
  for (const char* value : {"inf", "-inf", "+inf", "nan", "+nan"}) {
    expect_refused("train.learning_rate", value, "; it must be a finite number, above 0");
  }
  // What is no number of TOML is text.
  for (const char* value : {"0xZZ", "1__000", "_1", "1_", "++1", "1e", "0b2", "Infinity"}) {
    expect_refused("train.epochs", std::string("\"") + value + "\"",
                   "; it must be a whole number, at least 1");
  }
  EXPECT_EQ(parse("", {"train.epochs=1_000"}).train.epochs, 1000u);
  EXPECT_EQ(parse("", {"train.epochs=0x10"}).train.epochs, 16u);
  EXPECT_EQ(parse("", {"train.epochs=+5"}).train.epochs, 5u);
}

TEST(Config, NamesTheFieldOfANumberThatNoTypeHolds) {
  const std::string digits(309, '9');
  for (const std::string& toml :
       {"train.epochs = " + digits, "[train]\nepochs = " + digits,
        "train = {epochs = " + digits + "}", "train.\"epochs\"\t= -" + digits + " # many"}) {
    expect_error(ErrorKind::config, {"train.toml:", "epochs"}, [&] { (void)parse(toml); });
  }
}

TEST(Config, NamesTheTypeThatAFieldNeeds) {
  expect_message("train.toml:1: train.epochs is 1.5; it must be a whole number, at least 1",
                 "train.epochs = 1.5");
  expect_message("train.toml:1: train.epochs is \"ten\"; it must be a whole number, at least 1",
                 "train.epochs = 'ten'");
  expect_message("train.toml:1: train.learning_rate is true; it must be a number, above 0",
                 "train.learning_rate = true");
  expect_message("train.toml:1: train.horizontal_flip is 1; it must be true or false",
                 "train.horizontal_flip = 1");
  expect_message("train.toml:1: data.path is 5; it must be a string in quotes", "data.path = 5");
  expect_message("train.toml:1: train.epochs is a table; it must be a whole number, at least 1",
                 "train.epochs.x = 5");
  expect_message(
      "train.toml:1: model.hidden_sizes is 64; it must be a list of whole numbers, such as [256, "
      "128]",
      "model.hidden_sizes = 64");
  expect_message(
      "train.toml:1: model.hidden_sizes is [ 1.5 ]; it must be a list of whole numbers, each at "
      "least 1",
      "model.hidden_sizes = [1.5]");
  expect_message(
      "train.toml:1: run.controls is \"full\"; it must be a list of strings, such as [\"full\", "
      "\"random\"]",
      "run.controls = 'full'");
  expect_message(
      "train.toml:1: run.controls is [ 'full', '' ]; it must be a list of strings, each non-empty",
      "run.controls = ['full', '']");
  expect_message("train.toml:1: prune.keep_ratio is true; it must be a decimal, in (0, 1]",
                 "prune.keep_ratio = true");
  expect_message(
      "train.toml:1: prune.keep_ratio is \"half\"; it must be a decimal, in (0, 1], of at most 18 "
      "digits and without a sign",
      "prune.keep_ratio = 'half'");
}

TEST(Config, ListsTheWordsOfAFieldAndSuggestsTheNearest) {
  expect_message(
      "train.toml:1: train.optimizer is \"admw\"; it must be one of adam, adamw, muon, sgd; did "
      "you mean adamw?",
      "train.optimizer = 'admw'");
  expect_message(
      "train.toml:1: train.optimizer is \"lbfgs\"; it must be one of adam, adamw, muon, sgd",
      "train.optimizer = 'lbfgs'");
  expect_message(
      "train.toml:1: train.schedule is 3; it must be one of constant, cosine, linear, one_cycle",
      "train.schedule = 3");
}

TEST(Config, SuggestsTheNearestFieldForAnUnknownOne) {
  expect_message(
      "train.toml:3: train.lerning_rate is not a field; did you mean train.learning_rate?",
      "[train]\nepochs = 3\nlerning_rate = 0.1");
  expect_message("train.toml:2: trian.epochs is not a field; did you mean train.epochs?",
                 "[trian]\nepochs = 3");
  expect_message("train.toml:2: score.epochs is not a field; did you mean train.epochs?",
                 "[score]\nepochs = 3");
  expect_message("train.toml:1: epochs is not a field; did you mean train.epochs?", "epochs = 3");
  expect_message("train.toml:1: wombat is not a field; docs/configuration.md lists the fields",
                 "wombat = 3");
}

TEST(Config, ReportsTheFirstMistakeOfTheFile) {
  expect_message("train.toml:2: train.zeta is not a field; did you mean train.beta1?",
                 "[train]\nzeta = 1\nepochs = 0\n[data]\nformat = 1");
}

TEST(Config, NeedsSectionsWhereThereAreSections) {
  expect_message("train.toml:1: train is 3; it must be a section, [train]", "train = 3");
  expect_message("train.toml:1: train is [ {} ]; it must be a section, [train]", "[[train]]");
  expect_message(
      "train.toml:1: [trian] is not a section; the sections are data, model, score, prune, train, "
      "limits, budget, energy, device, pause, run",
      "[trian]");
}

TEST(Config, NamesTheLineOfASyntaxError) {
  expect_error(ErrorKind::config, {"train.toml:2: not valid TOML: "},
               [] { (void)parse("[train]\nepochs = = 3"); });
  expect_error(ErrorKind::config, {"train.toml:3: not valid TOML: ", "epochs"},
               [] { (void)parse("[train]\nepochs = 3\nepochs = 4"); });
  expect_error(ErrorKind::config, {"train.toml:1: not valid TOML: ", "(run.seed)"},
               [] { (void)parse("run.seed = 18446744073709551615"); });
  expect_error(ErrorKind::config, {"train.toml:1: not valid TOML: "}, [] { (void)parse("\xff"); });
}

TEST(Config, KeepsControlCharactersOutOfMessages) {
  expect_message(
      "train.toml:1: train.a\\x0ab is not a field; docs/configuration.md lists the "
      "fields",
      "train.\"a\\nb\" = 1");
  expect_message(
      "train.toml:1: train.optimizer is \"a\\x0ab\"; it must be one of adam, adamw, muon, sgd",
      "train.optimizer = \"a\\nb\"");
}

TEST(Config, RefusesAFileFarTooLongForAConfiguration) {
  EXPECT_EQ(parse(std::string(65'536, '\n')).train.epochs, 10u);
  expect_message(
      "train.toml: it has 65537 bytes, a configuration has at most 65536; is it the right file?",
      std::string(65'537, '\n'));
  expect_message("train.toml:1: the line has 16385 bytes; it may have 16384",
                 std::string(16'385, '#'));
  std::string deep = "a";
  for (int i = 1; i < 16; ++i) deep += ".a";
  expect_error(ErrorKind::config, {"a.a is not a field"}, [&] { (void)parse(deep + " = 1"); });
  expect_message("train.toml:1: a key has more than 16 parts; it may have 16", deep + ".a = 1");
}

TEST(Config, PutsOverridesOverTheFileInTheirOrder) {
  const Config config = parse("train.epochs = 3", {"train.epochs=4", " train.epochs = 5 "});
  EXPECT_EQ(config.train.epochs, 5u);
}

TEST(Config, TakesTextInOverridesWithAndWithoutQuotes) {
  const auto path_of = [](const std::string& value) {
    return parse("", {"data.path=" + value}).data.path;
  };
  EXPECT_EQ(path_of("photos/train"), "photos/train");
  EXPECT_EQ(path_of("\"photos/train\""), "photos/train");
  EXPECT_EQ(path_of("a = b"), "a = b");
  EXPECT_EQ(path_of("2024-01-01"), "2024-01-01");
  EXPECT_EQ(path_of("true"), "true");
  EXPECT_EQ(path_of("C:\\photos"), "C:\\photos");
  EXPECT_EQ(path_of("1\nother = 2"), "1\nother = 2");
  EXPECT_EQ(path_of(""), "");
  EXPECT_EQ(parse("", {"train.optimizer=sgd"}).train.optimizer.kind, nn::OptimizerKind::sgd);
  EXPECT_EQ(parse("", {"model.hidden_sizes=[8, 4]"}).model.hidden_sizes.size(), 2u);
}

TEST(Config, NamesTheOverrideAtFault) {
  expect_message("prune.keep_ratio=0: prune.keep_ratio is 0; it must be in (0, 1]", "",
                 {"prune.keep_ratio=0"});
  expect_message(
      "train.epochs=many: train.epochs is \"many\"; it must be a whole number, at least 1", "",
      {"train.epochs=many"});
  expect_message("train.epochs=: train.epochs is \"\"; it must be a whole number, at least 1", "",
                 {"train.epochs="});
  expect_message("train.epoch=3: train.epoch is not a field; did you mean train.epochs?", "",
                 {"train.epoch=3"});
  expect_message("train.epoch: it has no value; write train.epochs=VALUE", "", {"train.epoch"});
  expect_message("wombat: it has no value; write section.key=VALUE", "", {"wombat"});
  expect_message("data.path=\\xff: data.path must be UTF-8 text", "", {"data.path=\xff"});
  expect_message(
      "run.seed=18446744073709551615: run.seed is 18446744073709551615, which is beyond "
      "all numbers; it must be a whole number, in [0, 9223372036854775807]",
      "", {"run.seed=18446744073709551615"});
}

TEST(Config, KeepsTheDecimalOfTheKeepRatio) {
  const auto from_file = [](const std::string& value) {
    return parse("prune.keep_ratio = " + value).prune.keep_ratio;
  };
  EXPECT_EQ(from_file("0.29").num_kept(100), 29u);
  EXPECT_EQ(from_file("1").num_kept(100), 100u);
  EXPECT_EQ(from_file("1.0").num_kept(100), 100u);
  EXPECT_EQ(from_file("2e-3").num_kept(1000), 2u);
  EXPECT_EQ(from_file("\"0.123456789012345678\"").as_written(), "0.123456789012345678");
  const auto overridden = [](const std::string& value) {
    return parse("", {"prune.keep_ratio=" + value}).prune.keep_ratio.as_written();
  };
  EXPECT_EQ(overridden("0.10"), "0.10");
  EXPECT_EQ(overridden("0.123456789012345678"), "0.123456789012345678");
  EXPECT_EQ(overridden("\"0.5\""), "0.5");
  EXPECT_EQ(overridden(".25"), ".25");
}

TEST(Config, WritesAKeepRatioBareUnlessThatLosesDigits) {
  const auto written = [](const std::string& ratio) {
    Config config;
    config.prune.keep_ratio = core::KeepRatio::parse(ratio);
    EXPECT_EQ(parse(to_toml(config)).prune.keep_ratio.as_written(), ratio);
    return between(to_toml(config), "keep_ratio = ", "\n");
  };
  EXPECT_EQ(written("0.1"), "0.1");
  EXPECT_EQ(written("1"), "1");
  EXPECT_EQ(written("0.10"), "\"0.10\"");
  EXPECT_EQ(written("0.123456789012345678"), "\"0.123456789012345678\"");
}

TEST(Config, SetsThePeakLearningRateToThreeTimesTheBaseUnlessGiven) {
  const auto peak = [](std::string_view toml, const std::vector<std::string>& overrides = {}) {
    return parse(toml, overrides).train.schedule.peak_learning_rate;
  };
  EXPECT_EQ(peak(""), 3e-3f);
  EXPECT_EQ(peak("train.learning_rate = 0.002"), 0.006f);
  EXPECT_EQ(peak("train.learning_rate = 0.002", {"train.learning_rate=0.1"}), 0.3f);
  EXPECT_EQ(peak("train.peak_learning_rate = 0.5"), 0.5f);
  EXPECT_EQ(peak("train.peak_learning_rate = 0"), 3e-3f);
  expect_message(
      "train.toml:1: train.learning_rate is 2e+38; three times it, the peak, must be finite",
      "train.learning_rate = 2e38");
}

TEST(Config, NamesTheFieldThatAnotherNeeds) {
  expect_message("train.toml:2: data.format is \"idx\"; it needs data.images too",
                 "[data]\nformat = 'idx'");
  expect_message("train.toml:1: data.format is \"npy\"; it needs data.labels too",
                 "data.format = 'npy'\ndata.images = 'a'");
  expect_message("data.format=folder: data.format is \"folder\"; it needs data.path too", "",
                 {"data.format=folder"});
  expect_message("train.toml:1: data.format is \"cifar10\"; it needs data.path too",
                 "data.format = 'cifar10'");
  expect_message("train.toml:1: data.test_images is \"a\"; it needs data.test_labels too",
                 "data.test_images = 'a'");
  expect_message("train.toml:1: data.test_labels is \"a\"; it needs data.test_images too",
                 "data.test_labels = 'a'");
  expect_message("train.toml:1: data.resize_height is 32; it needs data.resize_width too",
                 "data.resize_height = 32");
  expect_message("train.toml:1: data.resize_width is 32; it needs data.resize_height too",
                 "data.resize_width = 32");
  expect_message("train.toml:1: prune.strategy is \"file\"; it needs prune.selection_file too",
                 "prune.strategy = 'file'");
  EXPECT_NO_THROW((void)parse("data.format = 'idx'", {"data.format=fashion_mnist"}));
}

TEST(Config, ReadsAFileAndNamesItInErrors) {
  const testing::TempDirectory directory;
  const auto path = directory / "train.toml";
  std::ofstream(path) << "[train]\nepochs = 7\n";
  EXPECT_EQ(read_config(path).train.epochs, 7u);
  std::ofstream(path) << "[train]\nepochs = 0\n";
  expect_error(ErrorKind::config, {path.string() + ":2: train.epochs is 0"},
               [&] { (void)read_config(path); });
  expect_error(ErrorKind::io, {"missing.toml"},
               [&] { (void)read_config(directory / "missing.toml"); });
}

TEST(Config, SaysWhatAnOldNameIsCalledNow) {
  expect_message("train.toml:2: pause.hours is now called pause.allowed_hours",
                 "[pause]\nhours = \"22:00-06:00\"");
  expect_message("score.checkpoints=4: score.checkpoints is now called score.evaluations", "",
                 {"score.checkpoints=4"});
  expect_message("train.toml:2: score.mode \"checkpoints\" is now called \"evaluations\"",
                 "[score]\nmode = \"checkpoints\"");
  EXPECT_EQ(find_renamed("[score]\nmode = \"checkpoints\""),
            "score.mode \"checkpoints\" is now called \"evaluations\"");
  EXPECT_EQ(find_renamed("[pause]\nhours = 1"), "pause.hours is now called pause.allowed_hours");
  EXPECT_EQ(find_renamed(to_toml(Config())), "");
  for (const char* text : {"", "not TOML [", "hours = 1", "[pause]\nallowed_hours = \"\"", "[x]"}) {
    EXPECT_EQ(find_renamed(text), "") << text;
  }
}

TEST(Config, WritesEveryFieldOnceUnderItsSection) {
  EXPECT_EQ(config_fields().size(), 17u + 7 + 5 + 10 + 29 + 1 + 7 + 6 + 1 + 4 + 5);
  const std::string toml = to_toml(Config());
  for (const ConfigField& field : config_fields()) {
    const std::string name(field.key.substr(field.key.find('.') + 1));
    EXPECT_NE(toml.find("\n" + name + " = " + field.value(Config()) + "\n"), std::string::npos)
        << field.key;
    EXPECT_FALSE(field.description.empty()) << field.key;
  }
}

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::vector<std::string> words_in(const std::string& type) {
  std::vector<std::string> words;
  std::istringstream stream(type);
  for (std::string word; stream >> word;) {
    if (word != "|") words.push_back(word);
  }
  return words;
}

std::string any_whole_number(const ConfigField& field) {
  if (field.range == "0, 1 or 3") return std::to_string(*rc::gen::element(0, 1, 3));
  if (field.range == "in [0, 1024]") return std::to_string(*rc::gen::inRange(0, 1025));
  if (field.range == "in [0, 100]") return std::to_string(*rc::gen::inRange(0, 101));
  if (field.key == "run.seed") {
    return std::to_string(*rc::gen::arbitrary<std::uint64_t>() >> 1);
  }
  const auto any = *rc::gen::arbitrary<std::uint32_t>();
  return std::to_string(field.range == "at least 1" && any == 0 ? 1u : any);
}

std::string any_number(const ConfigField& field) {
  if (field.range == "in [0.001, 60]") {
    return std::to_string(*rc::gen::inRange(1, 60'001)) + "e-3";
  }
  const double share = *rc::gen::inRange<std::uint32_t>(1, 0x1000000) / double{0x1000000};
  const bool bounded = field.range.find("in ") != std::string_view::npos;  // all of (0, 1) is
  const double scale = bounded ? 1 : std::pow(10.0, *rc::gen::inRange(-30, 30));
  std::ostringstream text;
  text.precision(*rc::gen::inRange(1, 7));
  text << share * scale * (bounded ? 0.9 : 1);
  return text.str();
}

std::string any_value(const ConfigField& field) {
  if (field.type == "boolean") return *rc::gen::arbitrary<bool>() ? "true" : "false";
  if (field.type == "integer") return any_whole_number(field);
  if (field.type == "float") return any_number(field);
  if (field.type == "byte count")
    return *rc::gen::element<std::string>("0", "123", "1.5GB", "'2MiB'");
  if (field.type == "decimal") {
    return "0." + std::to_string(*rc::gen::inRange<std::uint64_t>(1, 1'000'000'000'000'000'000));
  }
  if (field.type == "list of integers") {
    const auto sizes = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100'000));
    std::vector<std::string> texts;
    for (const int size : sizes) texts.push_back(std::to_string(size));
    return "[" + join(texts, ", ") + "]";
  }
  if (field.type == "list of strings") {
    return *rc::gen::element<std::string>("[]", "['full']", "[\"a\\n\\\"b\", 'c, d']");
  }
  if (field.type == "list of pairs of numbers") {
    return *rc::gen::element<std::string>("[]", "[[1, 1]]", "[[0.25, 0.125], [1, 0.875]]");
  }
  if (field.key == "pause.allowed_hours") {
    return *rc::gen::element<std::string>("\"\"", "'22:00-06:00'");
  }
  if (field.type == "string") {
    return "x" + *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)) + "é\x7f.";
  }
  return *rc::gen::elementOf(words_in(field.type));
}

TEST(Config, TakesWholeNumbersThatADoubleRounds) {
  EXPECT_EQ(parse("run.checkpoint_seconds = 9010000000000001").run.checkpoint_seconds, 9.01e15);
}

TEST(Config, TakesByteCountsWithAUnit) {
  EXPECT_EQ(parse("limits.memory_bytes = 123").limits.memory_bytes.count, 123u);
  EXPECT_EQ(parse("limits.memory_bytes = '400MB'").limits.memory_bytes.count, 400'000'000u);
  EXPECT_EQ(parse("", {"limits.memory_bytes=1.5GB"}).limits.memory_bytes.count, 1'500'000'000u);
  expect_message(
      "train.toml:1: limits.memory_bytes is \"much\"; it must be a number of bytes, or text such "
      "as \"400MB\"",
      "limits.memory_bytes = 'much'");
}

TEST(Config, IsReadBackFromWhatItWrites) {
  EXPECT_TRUE(rc::check("parse_config(to_toml(config)) is config", [] {
    // What other fields may need.
    std::vector<std::string> overrides = {
        "data.images=i",      "data.labels=l",        "data.path=p",         "data.test_images=i",
        "data.test_labels=l", "data.resize_height=1", "data.resize_width=1", "data.train_limit=1"};
    for (const ConfigField& field : config_fields()) {
      if (field.key.starts_with("data.resize") || field.key == "data.train_limit" ||
          *rc::gen::arbitrary<bool>()) {
        continue;
      }
      overrides.push_back(std::string(field.key) + "=" + any_value(field));
    }
    const Config config = parse("", overrides);
    const std::string toml = to_toml(config);
    RC_ASSERT(to_toml(parse(toml)) == toml);
    RC_ASSERT(parse(toml).data.path == config.data.path);
    RC_ASSERT(parse(toml).run.seed == config.run.seed);
    RC_ASSERT(parse(toml).prune.keep_ratio.as_written() == config.prune.keep_ratio.as_written());
  }));
}

TEST(Config, SuggestsAFieldForEveryKeyWithOneLetterMissing) {
  EXPECT_TRUE(rc::check("a key with one letter missing is told the key", [] {
    const std::string key(
        config_fields()[*rc::gen::inRange<std::size_t>(0, config_fields().size())].key);
    std::string misspelt = key;
    const std::size_t dot = key.find('.');
    misspelt.erase(*rc::gen::inRange(dot + 1, key.size()), 1);
    try {
      (void)parse("", {misspelt + "=1"});
      RC_FAIL("no error was thrown");
    } catch (const core::Error& error) {
      // beta1 and beta2 lose the same letter; store and score come to the same.
      std::string stem = key.starts_with("train.beta") ? "train.beta" : key;
      if (misspelt == "prune.sore") stem = "prune.s";
      RC_ASSERT(std::string(error.what()).find("did you mean " + stem) != std::string::npos);
    }
  }));
}

TEST(ConfigurationPage, HoldsTheGeneratedTable) {
  const std::string page = read_document("configuration.md");
  EXPECT_EQ(between(page, "<!-- generated: edgeprune config --markdown -->\n", "<!-- end -->"),
            "\n" + config_reference_markdown() + "\n");
}

TEST(ConfigurationPage, ShowsAnExampleThatIsRead) {
  const Config config = parse(between(read_document("configuration.md"), "```toml\n", "```"));
  EXPECT_EQ(config.data.format, data::SourceFormat::folder);
  EXPECT_EQ(config.train.schedule.peak_learning_rate, 0.006f);
}

TEST(ConfigurationPage, ShowsTheMessagesAsTheyAre) {
  const std::string page = read_document("configuration.md");
  const auto expect_shown = [&page](std::string_view toml, std::vector<std::string> overrides) {
    try {
      (void)parse(toml, overrides);
      ADD_FAILURE() << "no error was thrown";
    } catch (const core::Error& error) {
      EXPECT_NE(page.find(std::string(error.what()) + "\n"), std::string::npos) << error.what();
    }
  };
  expect_shown(std::string(10, '\n') + "[prune]\nkeep_ratio = 1.4", {});
  expect_shown("\n[train]\nlerning_rate = 1", {});
  expect_shown("", {"prune.keep_ratio=0"});
}

}  // namespace
}  // namespace edgeprune::config
