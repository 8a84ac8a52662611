#pragma once
// Where the command line writes. Messages on standard error are a courtesy: losing them never stops
// a run. Results on standard output are the point: losing them is an Error of kind io.
//
// Nothing that a terminal would obey goes through but line breaks and tabs, whatever is in a name.
// Who prints a name in a line of its own escapes its line breaks too (core/printable.h).

#include <string>

namespace edgeprune::cli {

void say(const std::string& text);
void print(const std::string& text);

/// Writes a line in the place of the one under way on a terminal; empty: leaves that blank.
void redraw_line(const std::string& text);

}  // namespace edgeprune::cli
