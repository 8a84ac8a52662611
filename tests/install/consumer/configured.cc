// A program that links what needs every outside library of the package.
#include <edgeprune/config/config.h>

int main() {
  return edgeprune::config::read_config("").train.epochs > 0 ? 0 : 1;
}
