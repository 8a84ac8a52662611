#pragma once
// Expects one clear error:
//
//   expect_error(ErrorKind::data, {"labels.idx", "copy the file again"}, [&] { read_idx(...); });

#include "edgeprune/core/error.h"

#include <gtest/gtest.h>

#include <exception>
#include <initializer_list>
#include <string>

namespace edgeprune::testing {

inline void expect_one_line_with(const std::string& message,
                                 std::initializer_list<std::string> parts) {
  EXPECT_EQ(message.find('\n'), std::string::npos) << "more than one line: " << message;
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos)
        << "the message lacks \"" << part << "\": " << message;
  }
}

/// Expects that `action()` throws an Error of this kind, in one line that contains every part.
template <typename Action>
void expect_error(core::ErrorKind kind, std::initializer_list<std::string> parts, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error was thrown";
  } catch (const core::Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << error.what();
    expect_one_line_with(error.what(), parts);
  } catch (const std::exception& error) {
    ADD_FAILURE() << "not an edgeprune error: " << error.what();
  }
}

/// The same of an error that carries this reason; returns all of its context.
template <typename Action>
core::ErrorContext expect_error(core::ErrorKind kind, core::ErrorReason reason,
                                std::initializer_list<std::string> parts, Action&& action) {
  core::ErrorContext context;
  expect_error(kind, parts, [&] {
    try {
      action();
    } catch (const core::Error& error) {
      context = error.context();
      throw;
    }
  });
  EXPECT_EQ(static_cast<int>(context.reason), static_cast<int>(reason));
  return context;
}

}  // namespace edgeprune::testing
