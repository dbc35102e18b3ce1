// The DC-AE's shortcuts: values of one position gathered from others, and averaged.

#include "plain_common.h"

PLAIN_INLINE void gather_mean(const void *x, plain_type type, const int *offsets, size_t group,
                              size_t channels, void *out) {
  float factor = 1.0f / (float)group;
  for (size_t o = 0; o < channels; o++) {
    float sum = 0;
    for (size_t i = 0; i < group; i++) sum += plain_read(x, type, offsets[o * group + i]);
    plain_write(out, type, o, sum * factor);
  }
}

PLAIN_VARIANTS void plain_gather_mean(const void *x, plain_type type, const int *offsets,
                                      size_t group, size_t channels, void *out) {
  if (type == PLAIN_F32 && group == 1) {
    gather_mean(x, PLAIN_F32, offsets, 1, channels, out);
  } else if (type == PLAIN_F32) {
    gather_mean(x, PLAIN_F32, offsets, group, channels, out);
  } else {
    gather_mean(x, PLAIN_BF16, offsets, group, channels, out);
  }
}
