// The one main of all programs. The build says which tool each of them runs: ENAS4D_TOOL.
#include <csignal>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/tools.h"

namespace {

/// Columns of the terminal behind standard error, 0 if it is none.
int terminal_columns() {
  constexpr int kUsualColumns = 80;
  if (isatty(STDERR_FILENO) == 0) return 0;
  winsize size{};
  const bool told = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return told ? size.ws_col : kUsualColumns;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `| head` ends us quietly, even if our parent ignores it
  std::ios::sync_with_stdio(false);
  return enas4d::run_tool(enas4d::ENAS4D_TOOL(), {argv + 1, argv + argc},
                          {std::cin, std::cout, std::cerr, terminal_columns()});
}
