#pragma once
// How benchmark programs and the scripts that drive them talk, line by line, so that a script can
// alternate between rivals that all stay warm:
//
//   > (the program starts)             < ready {"network": "cnn", ...}
//   > run 1.5                          < images_per_second 812.4      (over about 1.5 s)
//   > memory                           < memory {"peak_rss_bytes": ...}
//   > profile                          < profile {...}   (step_benchmark --profile; since the last)
//   > quit, or the end of the input    (the program ends)
//
// With --seconds there is no conversation: one measurement is printed. A program that cannot
// measure what was asked for prints one line and exits with kUnavailable. `pytorch_step` speaks the
// same.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <sys/resource.h>

namespace edgeprune::benchmarks {

constexpr int kUnavailable = 3;

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The most memory this process has held resident.
inline std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

struct Conversation {
  std::function<double(double seconds)> images_per_second;  // measures for about so long
  std::function<std::string()> memory;                      // a JSON object
  std::string description;                                  // a JSON object
  std::function<std::string()> profile = {};                // a JSON object; empty: there is none
};

/// Answers lines until "quit" or the end of the input; `seconds` > 0: one measurement instead.
inline void converse(const Conversation& conversation, double seconds) {
  const auto say = [](const std::string& line) { std::cout << line << std::endl; };
  const auto run = [&](double duration) {
    say("images_per_second " + std::to_string(conversation.images_per_second(duration)));
  };
  if (seconds > 0) {
    run(seconds);
    return;
  }
  say("ready " + conversation.description);
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command;
    double duration = 0;
    words >> command;
    if (command == "run" && words >> duration) {
      run(duration);
    } else if (command == "memory") {
      say("memory " + conversation.memory());
    } else if (command == "profile" && conversation.profile) {
      say("profile " + conversation.profile());
    } else {
      say("unknown: " + line);
    }
  }
}

}  // namespace edgeprune::benchmarks
