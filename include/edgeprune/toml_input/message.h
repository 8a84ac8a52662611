#pragma once
// One-line messages about a file and what a user wrote in it.
//
//   fail("train.toml:3", "epohcs is not a field" + hint("epohcs", kFields, "the fields are"));

#include "edgeprune/core/error.h"

#include <span>
#include <string>
#include <string_view>

namespace edgeprune::toml_input {

/// An Error that says where: whoever adds a place to the messages of others leaves it alone.
class PlacedError : public core::Error {
 public:
  using core::Error::Error;
};

/// Throws the PlacedError of kind config "PLACE: COMPLAINT".
[[noreturn]] void fail(std::string_view place, std::string_view complaint);

/// Text from a user, fit for a one-line message: control characters escaped, cut when very long.
[[nodiscard]] std::string for_message(std::string_view text);

/// The end of a message about a word that nobody knows: "; did you mean WORD?", or where none is
/// near "; LEAD_IN a, b, c".
[[nodiscard]] std::string hint(std::string_view unknown, std::span<const std::string_view> known,
                               std::string_view lead_in);

}  // namespace edgeprune::toml_input
