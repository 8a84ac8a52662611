#include "edgeprune/config/config.h"
#include "edgeprune/config/resolved_config.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <filesystem>
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
  for (const char* value :
       {"true", "1", "2", "0.25", "3", "\"text\"", "[\"full\"]", "[3]", "\"22:00-06:00\""}) {
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

std::set<std::string_view> keys_of(FieldQuery which) {
  std::set<std::string_view> keys;
  for (const ConfigField& field : config_fields()) {
    if (which(field)) keys.insert(field.key);
  }
  return keys;
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
            "run.checkpoint_seconds");
  EXPECT_EQ(
      list_fields([](const ConfigField& f) { return f.may_change == MayChange::until_selected; }),
      "prune.*, budget.samples, budget.bytes, budget.shrink, budget.replay");
  EXPECT_EQ(list_fields([](const ConfigField&) { return false; }), "");
}

TEST(ConfigFields, SayWhatDoesNotDecideBits) {
  EXPECT_EQ(keys_of([](const ConfigField& f) { return f.decides == Decides::last_bits; }),
            (std::set<std::string_view>{"limits.memory_bytes", "run.threads"}));
  EXPECT_EQ(keys_of([](const ConfigField& f) { return f.decides == Decides::nothing; }),
            (std::set<std::string_view>{"pause.battery_percent", "pause.temperature_celsius",
                                        "pause.allowed_hours", "pause.stops", "run.directory",
                                        "run.controls", "run.checkpoint_seconds"}));
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
                   {"--set " + overrides[0], "it needs " + std::string(need.field) + " too"},
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
