#pragma once
// Where the command line writes. Messages on standard error are a courtesy: losing them never stops
// a run. Results on standard output are the point: losing them is an Error of kind io.

#include <string>

namespace edgeprune::cli {

void say(const std::string& text);
void print(const std::string& text);

}  // namespace edgeprune::cli
