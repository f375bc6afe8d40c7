#include "data/train_loader.h"

#include <algorithm>

#include "data/batch_maker.h"
#include "util/ahead.h"

namespace enas4d {

struct TrainLoader::State {
  State(const Dataset& data, const LoaderOptions& options, std::int64_t first_step)
      : maker(data, options),
        batches([this](std::int64_t step) { return maker.make(step); },
                {options.workers, options.ahead}, first_step) {}

  BatchMaker maker;
  Ahead<Batch> batches;  // last: its workers use the maker and end first
};

TrainLoader::TrainLoader(const Dataset& data, const LoaderOptions& options, std::int64_t first_step)
    : state_(std::make_unique<State>(data, options, first_step)) {}

TrainLoader::~TrainLoader() = default;

Batch TrainLoader::next() {
  return state_->batches.next();
}

std::int64_t TrainLoader::steps_per_epoch() const {
  return state_->maker.steps_per_epoch();
}

std::int64_t steps_per_epoch(std::int64_t train_images, int batch) {
  return std::max<std::int64_t>(1, train_images / batch);
}

}  // namespace enas4d
