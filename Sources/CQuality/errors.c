#include "CQuality.h"

cq_errors cq_error(const uint8_t *a, const uint8_t *b, int16_t *previous, size_t count) {
  // 4096 squares of at most 510² fit 32 bits, in which the loop vectorises well.
  enum { block = 4096 };
  cq_errors sums = {0, 0};
  for (size_t start = 0; start < count; start += block) {
    const size_t end = count - start < block ? count : start + block;
    uint32_t error = 0, change = 0;
    for (size_t i = start; i < end; i++) {
      const int32_t now = (int32_t)b[i] - a[i], step = now - previous[i];
      error += (uint32_t)(now * now);
      change += (uint32_t)(step * step);
      previous[i] = (int16_t)now;
    }
    sums.error += error;
    sums.change += change;
  }
  return sums;
}
