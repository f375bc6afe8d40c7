// The one file that sees c10d, whose headers are heavy and differ between LibTorch's versions.
#ifndef USE_C10D_GLOO  // without it ProcessGroupGloo.hpp is empty; not every LibTorch sets it
#define USE_C10D_GLOO
#endif

#include "dist/gloo_ranks.h"

#include <chrono>
#include <exception>
#include <utility>

#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/version.h>

#include "dist/address.h"

namespace enas4d {

namespace {

using Milliseconds = std::chrono::milliseconds;

Milliseconds timeout_of(const RankPlace& place) {
  constexpr double kMillisecondsPerSecond = 1000;
  return Milliseconds(static_cast<std::int64_t>(place.timeout * kMillisecondsPerSecond));
}

/// What went wrong, without the lines of a backtrace.
std::string reason_of(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

/// c10d tells what it tries and what fails on standard error; we say what matters by Error.
void silence_log() {
#ifdef C10_USE_GLOG
  FLAGS_minloglevel = google::GLOG_FATAL;
#endif
}

c10::intrusive_ptr<c10d::Store> open_store(const RankPlace& place) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(place.port);
  options.isServer = place.rank == 0;
  options.numWorkers = static_cast<std::size_t>(place.size);
  options.waitWorkers = false;
  options.timeout = timeout_of(place);
#if TORCH_VERSION_MAJOR >= 2
  options.useLibUV = false;  // which not every build has
#endif
  try {
    return c10::make_intrusive<c10d::TCPStore>(place.host, options);
  } catch (const std::exception& error) {
    throw failed(place.rank == 0
                     ? fmt::format("cannot listen on port {}: {}", place.port, reason_of(error))
                     : fmt::format("found no rank 0 at {}:{} within {} s", place.host, place.port,
                                   place.timeout));
  }
}

std::string rank_key(int rank) {
  return fmt::format("enas4d/rank/{}", rank);
}

/// The ranks that have not come to the store; rank 0, which serves it, if it has gone meanwhile.
std::vector<int> missing_ranks(c10d::Store& store, int size) {
  try {
    std::vector<int> missing;
    for (int r = 0; r < size; ++r) {
      if (!store.check({rank_key(r)})) missing.push_back(r);
    }
    return missing;
  } catch (const std::exception&) {
    return {0};
  }
}

/// Waits until every rank has come to the store.
void wait_for_all(c10d::Store& store, const RankPlace& place) {
  std::vector<std::string> keys;
  for (int r = 0; r < place.size; ++r) keys.push_back(rank_key(r));
  store.set(rank_key(place.rank), std::vector<std::uint8_t>{1});
  try {
    store.wait(keys, timeout_of(place));
    return;
  } catch (const std::exception&) {
    const std::vector<int> missing = missing_ranks(store, place.size);
    if (missing.empty() || missing.front() == 0)
      throw failed("rank 0 gave up before all ranks had come");
    throw failed(fmt::format("rank {} did not come to {}:{} within {} s", fmt::join(missing, ", "),
                             place.host, place.port, place.timeout));
  }
}

class GlooRanks : public Ranks {
 public:
  explicit GlooRanks(const RankPlace& place) : place_(place) {
    silence_log();
    try {
      store_ = open_store(place);
      wait_for_all(*store_, place);
      auto options = c10d::ProcessGroupGloo::Options::create(timeout_of(place));
      options->threads = 1;  // our calls come one by one
      options->devices.push_back(device());
      gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, place.rank, place.size, options);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw failed("cannot reach the other ranks: " + reason_of(error));
    }
  }

  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  void sum(torch::Tensor values) override {
    perform(std::move(values), [this](auto& tensors) { return gloo_->allreduce(tensors); });
  }
  void broadcast(torch::Tensor values) override {
    perform(std::move(values), [this](auto& tensors) { return gloo_->broadcast(tensors); });
  }

 private:
  std::shared_ptr<::gloo::transport::Device> device() const {
    if (!place_.interface.empty()) {
      return c10d::ProcessGroupGloo::createDeviceForInterface(place_.interface);
    }
    const std::string address = address_towards(place_.host);
    return address.empty() ? c10d::ProcessGroupGloo::createDefaultDevice()
                           : c10d::ProcessGroupGloo::createDeviceForHostname(address);
  }

  template <class Collective>
  void perform(torch::Tensor values, const Collective& collective) {
    TORCH_CHECK(values.is_contiguous(), "collectives take contiguous tensors");
    std::vector<torch::Tensor> tensors = {std::move(values)};
    try {
      collective(tensors)->wait();
    } catch (const std::exception& error) {
      throw RankLost(describe(reason_of(error)));
    }
  }

  std::string describe(const std::string& reason) const {
    if (reason.find("imed out") == std::string::npos) return "another rank ended or was lost";
    return fmt::format("another rank did not answer within {} s", place_.timeout);
  }

  const RankPlace place_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
};

}  // namespace

std::unique_ptr<Ranks> connect_ranks(const RankPlace& place) {
  if (place.size == 1) return std::make_unique<OneRank>();
  return std::make_unique<GlooRanks>(place);
}

}  // namespace enas4d
