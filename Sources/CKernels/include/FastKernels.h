/// Inner loops of the fast engine, written once over vectors of a fixed width and compiled for each
/// kind of vector unit; a table of functions is chosen when the program runs.
///
/// All arithmetic is in float. Scratch memory holds a position's channels in lines of 16 floats, the
/// last one filled up with zeros (or anything, where a function says so), and is described by two
/// steps: between positions, and between the lines of one. Operands and results of products are
/// `fast_lines`.
#pragma once

#include "PlainKernels.h"

/// Columns of a panel of packed weights; the last panel has 16 where that is enough.
enum { fast_panel_width = 32, fast_lane_count = 16 };

static inline size_t fast_padded(size_t channels) {
  return (channels + fast_lane_count - 1) / fast_lane_count * fast_lane_count;
}

/// Rows whose lines lie next to each other, so that a block of products reads and writes at constant
/// offsets; in groups, so that it finds all of a row close by.
typedef struct {
  /// Value c of row r lies at
  /// r / group * group_step + c / 16 * line_step + r % group * 16 + c % 16.
  size_t group, group_step, line_step;
} fast_lines;

/// What is done to stored values on the way in: x -> function(norm(x)).
typedef struct {
  plain_type type;
  /// Channels of a row to read, and values between rows.
  size_t channels, row_step;
  /// What is so many bytes behind the rows is read next: it is asked into the cache meanwhile.
  size_t next;
  /// Null: no norm. Else x * scale + shift, [channels] each.
  const float *scale, *shift;
  /// With `is_rms`, x is first divided by sqrt(mean(x^2) + epsilon).
  int is_rms;
  float epsilon;
  plain_function function;
  /// What rows are written as: floats, or bfloat16, two in a float's place.
  plain_type to;
} fast_input;

/// What is done to sums on the way out: + bias, function, RMS norm, + residual, statistics.
typedef struct {
  plain_type type;
  /// Channels of a row, and stored values between rows.
  size_t channels, row_step;
  /// Null: none.
  const float *bias;
  plain_function function;
  /// RMS norm with these where not null.
  const float *scale, *shift;
  float epsilon;
  /// Whether the result is added to what the output holds.
  int adds_residual;
  /// Whether floats go past the cache, for an output far larger than it: channels and places must be
  /// multiples of 16, nothing added, and `end_stream` be called before others read them.
  int streams;
} fast_output;

/// Rows multiplied with a matrix of packed weights.
typedef struct {
  /// For each tap a row has `depth` values, from a + taps[tap] on.
  const float *a;
  fast_lines a_lines;
  size_t rows;
  const size_t *taps;
  size_t tap_count, depth;
  /// [column / 32][tap][depth][32]; 16 in place of 32 in the last panel where that is enough.
  const float *panels;
  /// Columns wanted; up to `fast_padded(columns)` are written. Groups are those of `a`.
  size_t columns;
  float *out;
  fast_lines out_lines;
  /// Whether the sums are added to what `out` holds.
  int accumulates;
  /// For each product of the batch rows, laid out as these, to be fetched into the cache meanwhile, or
  /// null; null: those of the next product.
  const float *const *ahead;
  /// How many such products there are, and how far their `a`, `panels` and `out` lie apart.
  size_t batch, a_step, panels_step, out_step;
} fast_product;

/// Algorithms for a 3x3 convolution, F(m x m, 3x3) of stride 1 and F(4x4, 3x3) of stride 2.
typedef enum { FAST_F4, FAST_F6, FAST_F4_STRIDED } fast_algorithm;

/// Output samples of a tile's side, m.
static inline size_t fast_side(fast_algorithm a) { return a == FAST_F6 ? 6 : 4; }
/// Points of an axis at which products are.
static inline size_t fast_points(fast_algorithm a) {
  return a == FAST_F4 ? 6 : a == FAST_F6 ? 8 : 5;
}
/// Samples of an input tile's side, and their points. With stride 2, points 0-4 are those of the even
/// samples, 5-8 points 0-3 of the odd ones, which have none at infinity.
static inline size_t fast_inputs(fast_algorithm a) {
  return a == FAST_F4 ? 6 : a == FAST_F6 ? 8 : 9;
}
/// Samples between the input tiles.
static inline size_t fast_step(fast_algorithm a) { return a == FAST_F4 ? 4 : a == FAST_F6 ? 6 : 8; }

/// A frame's part in a transformed input: the first value of its row's first tile, times `factor`.
typedef struct {
  const float *first;
  float factor;
} fast_part;

/// One row of input tiles.
typedef struct {
  fast_algorithm algorithm;
  /// What is summed up and transformed: one or two parts.
  fast_part parts[2];
  size_t part_count;
  /// Values between rows and between lines of the frames; columns lie next to each other.
  size_t row_step, line_step;
  size_t tiles, channels;
  /// Tile t at point p of fast_inputs(algorithm)^2 is row first + t of the lines from
  /// out + p * point_step on.
  float *out;
  fast_lines lines;
  size_t point_step, first;
} fast_input_tiles;

/// Which output samples a transform makes: all, or one of two phases of an upsampled axis.
typedef enum { FAST_WHOLE, FAST_EVEN, FAST_ODD } fast_phase;

/// Products of F(4x4, 3x3) along one axis for both phases of an upsampled axis. Product j uses input
/// point fast_upsampled_point(j); the even phase's points 0-4 are products 0-4, the odd phase's
/// points 1-5 are products 1, 5-8: at point 1 both phases have the same weights.
enum { fast_upsampled_count = 9 };

static inline size_t fast_upsampled_point(size_t product) {
  return product < 5 ? product : product - 3;
}

/// Where a transformed result goes: target = factor * result, or += with `accumulates`.
typedef struct {
  float *target;
  float factor;
  int accumulates;
} fast_contribution;

/// One row of m x m output tiles from the products at all points.
typedef struct {
  /// FAST_F4 where `vertical` or `horizontal` is not FAST_WHOLE.
  fast_algorithm algorithm;
  /// Tile t's product j is row first + t of the lines from products + j * product_step on.
  const float *products;
  fast_lines lines;
  size_t product_step, first;
  fast_phase vertical, horizontal;
  size_t tiles, channels;
  /// One or two targets; each holds the first tile's first sample.
  fast_contribution contributions[2];
  size_t contribution_count;
  /// Values between a target's rows, and between its lines; samples of a row lie next to each other,
  /// those of a phase 32 floats apart.
  size_t row_step, target_line_step;
} fast_output_tiles;

/// Where a row of finished tiles goes.
typedef struct {
  /// First channel of the first tile's first sample, and stored values between the rows of a frame.
  void *out;
  size_t row_step;
  /// Samples of the row of tiles that lie in the frame.
  size_t rows, columns;
  /// Null, or what is added each channel's sum and sum of squares.
  double *sums, *squares;
} fast_frame;

/// Depthwise convolution of a row of positions.
typedef struct {
  /// Position r's tap is at a + r * a_step + taps[tap].
  const float *a;
  size_t a_step, rows;
  const size_t *taps;
  size_t tap_count;
  /// [tap][weight_step]
  const float *weights;
  size_t weight_step, channels;
  float *out;
  size_t out_step;
} fast_depthwise;

/// Weights of some input channels, transformed, as panels of one product each.
typedef struct {
  /// [out][in][taps][3][3]; `first_out` and `outs` (at most 32) name the panel.
  const float *weights;
  size_t inputs, taps, first_out, outs, first_in, ins;
  /// [sets][taps]: how the temporal taps are combined.
  const float *time;
  size_t sets;
  /// [points][3]: how the taps of an axis in space are.
  const float *space;
  size_t points;
  /// Columns of the panel's rows: 16 or 32.
  size_t width;
  /// Set s, point j of points^2, input i goes to out + s * set_step + places[j] + i * width; `out` is
  /// aligned to 64 bytes, places are multiples of 16.
  float *out;
  size_t set_step;
  const size_t *places;
} fast_weight_tiles;

/// One step of online softmax for rows of scores, 16 floats apart, in lines `line_step` apart.
typedef struct {
  float *scores;
  size_t line_step, rows;
  /// Scores of a row, and how many values are wanted: zeros behind the scores.
  size_t count, padded;
  /// What scores are multiplied by first.
  float scale;
  /// Of each row: the largest score so far and the sum of exponentials, which are brought up to date,
  /// and what sums before this step must be multiplied by.
  float *maxima, *sums, *corrections;
  /// exp(score - maximum), laid out as the scores: floats, perhaps in their place, or bfloat16, two in
  /// a float's place.
  plain_type to;
  float *out;
} fast_softmax;

/// The kernels for one kind of vector unit.
typedef struct {
  const char *name;
  /// Rows that `multiply` takes without a remainder, the best size of a group.
  size_t group_rows;
  /// Reads `count` stored rows into rows `row_step` floats apart, whose lines are `line_step` apart.
  void (*load)(const fast_input *, const void *from, size_t count, float *out, size_t row_step,
               size_t line_step);
  /// Finishes `count` rows of sums (which may be changed), `row_step` apart, with lines `line_step`
  /// apart, and stores them. `sums` and `squares`, where not null, are added each channel's sum and sum
  /// of squares.
  void (*finish)(const fast_output *, float *rows, size_t row_step, size_t line_step, size_t count,
                 void *out, double *sums, double *squares);
  void (*multiply)(const fast_product *);
  /// The same with a pair of bfloat16 values in the place of each float of `a` and `panels`: both
  /// products of a pair are added. Null where the CPU has no such instruction.
  void (*multiply_pairs)(const fast_product *);
  void (*transform_input)(const fast_input_tiles *);
  void (*transform_output)(const fast_output_tiles *);
  /// transform_output and finish in one, for `vertical` and `horizontal` FAST_WHOLE, without an RMS
  /// norm; the tiles' contributions and steps are not used.
  void (*finish_tiles)(const fast_output_tiles *, const fast_output *, const fast_frame *);
  /// F(4, 3) along time of `count` values at the points in space, a multiple of 16: from a line of six
  /// frames to the sets that are multiplied, `set_step` apart, and from their products to four frames.
  void (*frames_to_sets)(const float *const frames[6], float *sets, size_t set_step, size_t count);
  void (*sets_to_frames)(const float *sets, size_t set_step, float *const frames[4], size_t count);
  /// Waits until what went past the cache is where others read it.
  void (*end_stream)(void);
  void (*transform_weights)(const fast_weight_tiles *);
  void (*depthwise)(const fast_depthwise *);
  void (*softmax)(const fast_softmax *);
  /// Multiplies `count` lines next to each other by a factor each.
  void (*scale)(float *lines, const float *factors, size_t count);
  /// Runs `rounds` rounds of independent multiply-adds on registers alone, a yardstick for benchmarks;
  /// returns how many multiply-adds that were.
  double (*peak)(size_t rounds);
} fast_kernels;

/// Kinds of vector units. A kind that the CPU or the build lacks falls back to a lesser one.
typedef enum { FAST_BASELINE, FAST_AVX2, FAST_AVX512, FAST_AVX512_BF16 } fast_level;

/// The best level of this CPU.
fast_level fast_best_level(void);
/// The kernels for `level`, or for the best that the CPU has below it.
const fast_kernels *fast_kernels_for(fast_level level);
