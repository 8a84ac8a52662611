#include "edgeprune/core/catalogue.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/nearest_word.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace edgeprune::core {
namespace {

bool is_word(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !name.empty() && name.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

void reject_unknown(std::string_view called, std::string_view name,
                    std::span<const std::string_view> known) {
  throw Error(ErrorKind::config,
              fmt::format("{} is \"{}\"; it must be one of {}{}", called, printable(name),
                          fmt::join(known, ", "), did_you_mean(name, known)));
}

void require_new_name(std::string_view kind, std::string_view name, bool is_taken) {
  if (!is_word(name)) {
    throw Error(ErrorKind::config,
                fmt::format("a {} is called \"{}\"; its name must be of lower-case letters, digits "
                            "and underscores",
                            kind, printable(name)));
  }
  if (!is_taken) return;
  throw Error(ErrorKind::config,
              fmt::format("there is a {} {} already; give yours another name", kind, name));
}

}  // namespace edgeprune::core
