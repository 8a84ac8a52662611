#include "renamed_keys.h"

#include <fmt/format.h>

namespace edgeprune::config {
namespace {

struct RenamedKey {
  std::string_view old_key;
  std::string_view new_key;
};
constexpr RenamedKey kKeys[] = {
    {"pause.hours", "pause.allowed_hours"},
    {"score.checkpoints", "score.evaluations"},
};

struct RenamedWord {
  std::string_view key;
  std::string_view old_word;
  std::string_view new_word;
};
constexpr RenamedWord kWords[] = {
    {"score.mode", "checkpoints", "evaluations"},
};

}  // namespace

std::string renamed_key(std::string_view key) {
  for (const RenamedKey& renamed : kKeys) {
    if (renamed.old_key == key) {
      return fmt::format("{} is now called {}", renamed.old_key, renamed.new_key);
    }
  }
  return "";
}

std::string renamed_word(std::string_view key, std::string_view word) {
  for (const RenamedWord& renamed : kWords) {
    if (renamed.key == key && renamed.old_word == word) {
      return fmt::format("{} \"{}\" is now called \"{}\"", key, word, renamed.new_word);
    }
  }
  return "";
}

}  // namespace edgeprune::config
