#include "train/loss.h"

#include "support/catch.h"
#include "support/tensors.h"

namespace enas4d {

TEST_CASE("the student's loss is least when every exit says what the teacher says", "[train]") {
  const auto teacher = torch::tensor({{2.0F, 0.0F, -1.0F}, {0.0F, 1.0F, 0.5F}});
  const auto other = torch::tensor({{0.0F, 2.0F, -1.0F}, {0.0F, 1.0F, 0.5F}});
  const double equal = student_loss({{teacher, teacher}}, teacher, {}).item<double>();
  CHECK(equal < student_loss({{other, teacher}}, teacher, {}).item<double>());
  CHECK(equal < student_loss({{teacher, other}}, teacher, {}).item<double>());
  const auto p = torch::softmax(teacher, 1);
  const double entropy = -(p * p.log()).sum(1).mean().item<double>();
  CHECK(equal == Approx(2 * entropy));
}

TEST_CASE("the largest's last exit teaches its earlier ones and is not taught by them", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  auto early = torch::tensor({{0.5F, 0.0F}, {0.0F, 0.1F}}).requires_grad_();
  auto last = torch::tensor({{2.0F, 0.0F}, {0.0F, 1.0F}}).requires_grad_();
  teacher_loss({{early, last}}, labels, {0, 1, {}}).backward();
  const auto taught = last.grad().clone();
  last.mutable_grad().reset();
  label_loss({{last}}, labels, {}).backward();
  CHECK_THAT(taught, AllClose(last.grad()));
}

TEST_CASE("without distillation the largest learns from labels alone", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  const auto logits = torch::tensor({{0.5F, 0.0F}, {0.0F, 0.1F}});
  CHECK(teacher_loss({{logits, logits}}, labels, {0.1, 0, {}}).item<double>() ==
        Approx(label_loss({{logits, logits}}, labels, {0.1, 0, {}}).item<double>()));
}

TEST_CASE("stage weights weigh the losses of the exits", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  const auto early = torch::tensor({{0.5F, 0.0F}, {0.0F, 0.1F}});
  const auto last = torch::tensor({{2.0F, 0.0F}, {0.0F, 1.0F}});
  const LossOptions weighted = {0.1, 1, {3, 0.5}};
  const auto of = [&](const torch::Tensor& logits) {
    return label_loss({{logits}}, labels, {0.1, 1, {}}).item<double>();
  };
  CHECK(label_loss({{early, last}}, labels, weighted).item<double>() ==
        Approx(3 * of(early) + 0.5 * of(last)));
  const auto soft_of = [&](const torch::Tensor& logits) {
    return student_loss({{logits}}, last, {}).item<double>();
  };
  CHECK(student_loss({{early, last}}, last, weighted).item<double>() ==
        Approx(3 * soft_of(early) + 0.5 * soft_of(last)));
  CHECK(teacher_loss({{early, last}}, labels, weighted).item<double>() ==
        Approx(3 * of(early) + 0.5 * of(last) + 3 * soft_of(early)));
}

TEST_CASE("a frozen teacher's student learns from labels and from it", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  const auto logits = torch::tensor({{0.5F, 0.0F}, {0.0F, 0.1F}});
  const auto teacher = torch::tensor({{2.0F, 0.0F}, {0.0F, 1.0F}});
  const LossOptions options = {0.1, 0.3, {}};
  CHECK(labelled_student_loss({{logits, teacher}}, labels, teacher, options).item<double>() ==
        Approx(label_loss({{logits, teacher}}, labels, options).item<double>() +
               0.3 * student_loss({{logits, teacher}}, teacher, options).item<double>()));
}

TEST_CASE("labels given as shares of one class each are those labels", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  const auto shares = torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}});
  const auto logits = torch::tensor({{0.5F, 0.0F}, {0.3F, 0.1F}});
  for (const double smoothing : {0.0, 0.1}) {
    const LossOptions options = {smoothing, 1, {}};
    CHECK(label_loss({{logits}}, shares, options).item<double>() ==
          Approx(label_loss({{logits}}, labels, options).item<double>()));
  }
}

}  // namespace enas4d
