#pragma once
// Threads that the system may refuse. What a thread runs must not let an exception out: that ends
// the process. It keeps it, and whoever waits for the thread throws it.

#include "edgeprune/core/error.h"

#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace edgeprune::core {

/// A thread that runs `body`; `what` it is for. Where the system refuses, an Error of kind io.
template <typename Body>
[[nodiscard]] std::jthread start_thread(std::string_view what, Body&& body) {
  try {
    return std::jthread(std::forward<Body>(body));
  } catch (const std::system_error&) {
    throw Error(ErrorKind::io, "cannot start a thread for " + std::string(what) +
                                   ": the system refuses more; raise the limit on processes or "
                                   "memory");
  }
}

}  // namespace edgeprune::core
