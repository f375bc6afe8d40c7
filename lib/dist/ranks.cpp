#include "dist/ranks.h"

#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

namespace enas4d {

std::vector<double> sum_over(Ranks& ranks, std::vector<double> numbers) {
  ranks.sum(torch::from_blob(numbers.data(), {static_cast<std::int64_t>(numbers.size())},
                             torch::kDouble));
  return numbers;
}

std::string broadcast_text(Ranks& ranks, const std::string& text) {
  auto size = torch::tensor({static_cast<std::int64_t>(text.size())}, torch::kLong);
  ranks.broadcast(size);
  auto bytes = torch::zeros({size.item<std::int64_t>()}, torch::kByte);
  if (bytes.numel() == 0) return "";
  if (ranks.leads()) std::memcpy(bytes.data_ptr(), text.data(), text.size());
  ranks.broadcast(bytes);
  return {static_cast<const char*>(bytes.data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

void run_on_first(Ranks& ranks, const std::function<void()>& action) {
  auto status = torch::tensor({static_cast<std::int64_t>(ExitStatus::kDone)}, torch::kLong);
  std::string message;
  if (ranks.leads()) {
    try {
      action();
    } catch (const Error& error) {
      status.fill_(static_cast<std::int64_t>(error.status()));
      message = error.what();
    }
  }
  ranks.broadcast(status);
  const auto outcome = static_cast<ExitStatus>(status.item<std::int64_t>());
  if (outcome != ExitStatus::kDone) throw Error(outcome, broadcast_text(ranks, message));
}

void run_on_all(Ranks& ranks, const std::function<void()>& action) {
  std::vector<double> statuses(static_cast<std::size_t>(ranks.size()), 0.0);
  std::optional<Error> own;
  try {
    action();
  } catch (const Error& error) {
    own = error;
    statuses[static_cast<std::size_t>(ranks.rank())] = static_cast<double>(error.status());
  }
  statuses = sum_over(ranks, std::move(statuses));
  if (own) throw Error(*own);
  for (std::size_t r = 0; r < statuses.size(); ++r) {
    const auto status = static_cast<ExitStatus>(std::lround(statuses[r]));
    if (status == ExitStatus::kDone) continue;
    throw Error(status, fmt::format("rank {} {}", r,
                                    status == ExitStatus::kStopped ? "was stopped" : "has failed"));
  }
}

void require_same(Ranks& ranks, const std::string& text,
                  const std::function<Error(const std::string& first)>& explain) {
  const std::string first = broadcast_text(ranks, text);
  std::vector<double> differs(static_cast<std::size_t>(ranks.size()), 0.0);
  differs[static_cast<std::size_t>(ranks.rank())] = text == first ? 0 : 1;
  differs = sum_over(ranks, std::move(differs));
  if (text != first) throw explain(first);
  std::vector<std::size_t> others;
  for (std::size_t r = 0; r < differs.size(); ++r) {
    if (differs[r] > 0) others.push_back(r);
  }
  if (!others.empty()) {
    throw Error(ExitStatus::kUsage, fmt::format("rank {} was started with another configuration",
                                                fmt::join(others, ", ")));
  }
}

}  // namespace enas4d
