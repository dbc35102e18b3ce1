// All kernels for the vector unit that the including file has set up, as a table.
#include "fast_vector.h"

#include "fast_product.h"

#include "fast_rows.h"

#include "fast_softmax.h"

#include "fast_tiles.h"

#include "fast_weights.h"

#include "fast_depthwise.h"

#include "fast_peak.h"

#if defined(FAST_HALVES)
#define FAST_MULTIPLY_PAIRS multiply_pairs
#else
#define FAST_MULTIPLY_PAIRS 0
#endif

#define FAST_TABLE(NAME)                                                                      \
  {                                                                                           \
    .name = NAME, .group_rows = FAST_ROWS < 12 ? 2 * FAST_ROWS : FAST_ROWS,                   \
    .load = load, .finish = finish, .multiply = multiply,                                     \
    .multiply_pairs = FAST_MULTIPLY_PAIRS, .transform_input = transform_input,                \
    .transform_output = transform_output, .finish_tiles = finish_tiles,                       \
    .frames_to_sets = frames_to_sets, .sets_to_frames = sets_to_frames,                       \
    .end_stream = vec_end_stream, .transform_weights = transform_weights,                     \
    .depthwise = depthwise, .softmax = softmax, .scale = scale, .peak = peak                  \
  }
