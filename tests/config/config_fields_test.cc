#include "edgeprune/config/config.h"
#include "edgeprune/config/resolved_config.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace edgeprune::config {
namespace {

using core::ErrorKind;
using testing::expect_error;

// Overrides that give a field another value than its default, with what it needs beside it.
std::vector<std::string> another_value_of(const ConfigField& field) {
  std::vector<std::string> candidates(field.words.begin(), field.words.end());
  for (const char* value : {"true", "false", "1", "2", "0.25", "3", "\"text\"", "[\"full\"]", "[3]",
                            "[[1, 1]]", "\"22:00-06:00\""}) {
    candidates.emplace_back(value);
  }
  for (const std::string& value : candidates) {
    std::vector<std::string> overrides = {std::string(field.key) + "=" + value};
    for (const FieldNeed& need : field.needs) {
      overrides.push_back(std::string(need.field) + "=1");
    }
    try {
      if (field.value(read_config("", overrides)) != field.value(Config())) return overrides;
    } catch (const core::Error&) {
      continue;
    }
  }
  ADD_FAILURE() << "no other value for " << field.key;
  return {};
}

// How many members an aggregate has: with how many values of any type it can be initialised.
struct Anything {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor): stands for a member of any type
};
template <typename Aggregate, typename... Members>
consteval std::size_t members_of() {
  if constexpr (requires { Aggregate{Members{}..., Anything{}}; }) {
    return members_of<Aggregate, Members..., Anything>();
  } else {
    return sizeof...(Members);
  }
}

std::size_t rows_of(std::string_view section) {
  return static_cast<std::size_t>(
      std::count_if(config_fields().begin(), config_fields().end(), [&](const ConfigField& field) {
        return field.key.substr(0, field.key.find('.')) == section;
      }));
}

std::set<std::string_view> keys_of(FieldQuery which) {
  std::set<std::string_view> keys;
  for (const ConfigField& field : config_fields()) {
    if (which(field)) keys.insert(field.key);
  }
  return keys;
}

// A field is added in two places, its member and its row: a member without a row fails here.
TEST(ConfigFields, AreTheMembersOfTheConfiguration) {
  EXPECT_EQ(members_of<Config>(), 11u + 1);  // sections, and the catalogues of a program's own
  EXPECT_EQ(members_of<Config::Data>(), rows_of("data"));
  EXPECT_EQ(members_of<Config::ModelSection>(), rows_of("model"));
  EXPECT_EQ(members_of<Config::Score>(), rows_of("score"));
  EXPECT_EQ(members_of<Config::LimitsSection>(), rows_of("limits"));
  EXPECT_EQ(members_of<budget::MeterOptions>(), rows_of("energy"));
  EXPECT_EQ(members_of<Config::DeviceSection>(), rows_of("device"));
  EXPECT_EQ(members_of<budget::PauseRules>(), rows_of("pause"));
  EXPECT_EQ(members_of<Config::Run>(), rows_of("run"));
  // One member of [prune] holds the parameters of strategies, each with a row.
  EXPECT_EQ(members_of<Config::Prune>() - 1 + Config().prune.parameters.size(), rows_of("prune"));
  // Three members of [train] hold several fields each; a rule of one's own has no field.
  EXPECT_EQ(members_of<Config::Train>() - 3 + members_of<nn::OptimizerOptions>() - 1 +
                members_of<nn::Schedule>() + members_of<data::Augmentation>(),
            rows_of("train"));
  // One of [budget] holds two, and a harvest, which no field sets.
  EXPECT_EQ(members_of<Config::Budget>() - 1 + members_of<budget::BudgetLimits>() - 1,
            rows_of("budget"));
}

TEST(ConfigFields, EachIsCopiedAlone) {
  for (const ConfigField& field : config_fields()) {
    const Config changed = read_config("", another_value_of(field));
    Config copy;
    field.copy(changed, copy);
    for (const ConfigField& other : config_fields()) {
      const Config& from = other.key == field.key ? changed : Config();
      EXPECT_EQ(other.value(copy), other.value(from)) << field.key << " copied, " << other.key;
    }
  }
}

TEST(ConfigFields, ThoseThatAreAskedForGetTheirDefaults) {
  std::vector<std::string> overrides;
  for (const ConfigField& field : config_fields()) {
    if (field.key == "data.format") continue;  // needs more than it gets here
    for (std::string& text : another_value_of(field)) overrides.push_back(std::move(text));
  }
  const Config changed = read_config("", overrides);
  const auto is_always = [](const ConfigField& f) { return f.may_change == MayChange::always; };
  const Config reset = with_defaults(changed, is_always);
  for (const ConfigField& field : config_fields()) {
    EXPECT_EQ(field.value(reset), field.value(is_always(field) ? Config() : changed)) << field.key;
  }
}

TEST(ConfigFields, AreListedWithWholeSectionsAsOne) {
  EXPECT_EQ(list_fields([](const ConfigField& f) { return f.may_change == MayChange::always; }),
            "limits.*, budget.seconds, budget.joules, budget.file, energy.*, pause.*, "
            "run.threads, run.checkpoint_seconds");
  EXPECT_EQ(
      list_fields([](const ConfigField& f) { return f.may_change == MayChange::until_selected; }),
      "prune.*, budget.samples, budget.bytes, budget.shrink, budget.replay");
  EXPECT_EQ(list_fields([](const ConfigField&) { return false; }), "");
}

TEST(ConfigFields, SayWhatDoesNotDecideBits) {
  EXPECT_EQ(keys_of([](const ConfigField& f) { return f.decides == Decides::last_bits; }),
            (std::set<std::string_view>{"limits.memory_bytes"}));
  EXPECT_EQ(keys_of([](const ConfigField& f) { return f.decides == Decides::nothing; }),
            (std::set<std::string_view>{"pause.battery_percent", "pause.temperature_celsius",
                                        "pause.allowed_hours", "pause.stops", "run.directory",
                                        "run.controls", "run.threads", "run.checkpoint_seconds"}));
}

TEST(ConfigFields, NeedWhatTheySay) {
  int needs = 0;
  for (const ConfigField& field : config_fields()) {
    for (const FieldNeed& need : field.needs) {
      ++needs;
      ASSERT_NE(find_field(need.field), nullptr) << need.field;
      std::vector<std::string> overrides = another_value_of(field);
      if (!need.value.empty()) {
        overrides[0] = std::string(field.key) + "=" + std::string(need.value);
      }
      EXPECT_NO_THROW((void)read_config("", overrides)) << overrides[0];
      std::erase(overrides, std::string(need.field) + "=1");
      expect_error(ErrorKind::config,
                   {overrides[0] + ": ", "it needs " + std::string(need.field) + " too"},
                   [&] { (void)read_config("", overrides); });
    }
  }
  EXPECT_GE(needs, 13);
}

TEST(ConfigFields, ThatAreWordsListThem) {
  for (const ConfigField& field : config_fields()) {
    EXPECT_EQ(field.words.empty(), field.type.find(" | ") == std::string::npos) << field.key;
    for (const std::string_view word : field.words) {
      EXPECT_NE(field.type.find(word), std::string::npos) << field.key;
    }
  }
}

TEST(ConfigFields, AKeyIsTakenFromAnOverrideAsTheReaderTakesIt) {
  EXPECT_EQ(key_of(" train.epochs =5"), "train.epochs");
  EXPECT_EQ(key_of("train.epochs"), "train.epochs");
  EXPECT_EQ(read_config("", {" train.epochs = 5"}).train.epochs, 5u);
}

}  // namespace
}  // namespace edgeprune::config
