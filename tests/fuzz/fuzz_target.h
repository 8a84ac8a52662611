#pragma once
// What every fuzz target asks of a parser: whatever the bytes, it returns or throws a core::Error
// of one line. Any other exception, a crash, a leak or a sanitizer's report is a finding.

#include "edgeprune/core/error.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace edgeprune::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

template <typename Parse>
void accept_only_our_errors(Parse&& parse) {
  try {
    parse();
  } catch (const core::Error& error) {
    const std::string_view message = error.what();
    if (message.empty() || message.find('\n') != std::string_view::npos) std::abort();
  }
}

}  // namespace edgeprune::fuzz
