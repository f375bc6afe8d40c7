#include "train/loss.h"

#include "support/catch.h"
#include "support/tensors.h"

namespace enas4d {

TEST_CASE("the student's loss is least when every exit says what the teacher says", "[train]") {
  const auto teacher = torch::tensor({{2.0F, 0.0F, -1.0F}, {0.0F, 1.0F, 0.5F}});
  const auto other = torch::tensor({{0.0F, 2.0F, -1.0F}, {0.0F, 1.0F, 0.5F}});
  const double equal = student_loss({{teacher, teacher}}, teacher).item<double>();
  CHECK(equal < student_loss({{other, teacher}}, teacher).item<double>());
  CHECK(equal < student_loss({{teacher, other}}, teacher).item<double>());
  const auto p = torch::softmax(teacher, 1);
  const double entropy = -(p * p.log()).sum(1).mean().item<double>();
  CHECK(equal == Approx(2 * entropy));
}

TEST_CASE("the largest's last exit teaches its earlier ones and is not taught by them", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  auto early = torch::tensor({{0.5F, 0.0F}, {0.0F, 0.1F}}).requires_grad_();
  auto last = torch::tensor({{2.0F, 0.0F}, {0.0F, 1.0F}}).requires_grad_();
  teacher_loss({{early, last}}, labels, 0, 1).backward();
  const auto taught = last.grad().clone();
  last.mutable_grad().reset();
  label_loss({{last}}, labels, 0).backward();
  CHECK_THAT(taught, AllClose(last.grad()));
}

TEST_CASE("without distillation the largest learns from labels alone", "[train]") {
  const auto labels = torch::tensor({0, 1}, torch::kLong);
  const auto logits = torch::tensor({{0.5F, 0.0F}, {0.0F, 0.1F}});
  CHECK(teacher_loss({{logits, logits}}, labels, 0.1, 0).item<double>() ==
        Approx(label_loss({{logits, logits}}, labels, 0.1).item<double>()));
}

}  // namespace enas4d
