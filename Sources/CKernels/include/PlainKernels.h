/// Inner loops of the plain engine: portable C with a variant for each kind of vector unit.
///
/// Rows are channels-last. Everything is computed in float; stored values are float or bfloat16.
#pragma once

#include <stddef.h>

typedef enum { PLAIN_F32, PLAIN_BF16 } plain_type;
typedef enum { PLAIN_NONE, PLAIN_SILU, PLAIN_RELU } plain_function;

/// Columns of a panel of packed weights, and channels that depthwise convolutions take at a time.
enum { plain_panel_width = 32, plain_depthwise_block = 64 };

/// The vector unit in use: "avx512", "avx2", "sse2" or "neon".
const char *plain_vector_unit(void);

/// Stored values to float and back (rounded to nearest, ties to even).
void plain_load(const void *from, plain_type type, size_t count, float *to);
void plain_store(const float *from, plain_type type, size_t count, void *to);

/// Clip planes [channels][plane stride] to rows [count][channels], and back.
void plain_from_planes(const float *from, size_t plane, size_t count, size_t channels,
                       plain_type type, void *to);
void plain_to_planes(const void *from, plain_type type, size_t count, size_t channels, float *to,
                     size_t plane);

/// sums[0..channels) = sum of each channel over `count` rows, sums[channels...) = of the squares.
void plain_channel_sums(const void *x, plain_type type, size_t count, size_t channels,
                        double *sums);

/// x = f(x * scale + shift), one row.
void plain_affine(float *x, size_t channels, const float *scale, const float *shift,
                  plain_function f);
/// x = f(x / sqrt(mean(x^2) + epsilon) * scale + shift), one row.
void plain_rms(float *x, size_t channels, float epsilon, const float *scale, const float *shift,
               plain_function f);
/// x = f(x)
void plain_apply(float *x, size_t count, plain_function f);

/// out[r][0..32) (+)= sum over taps and depth of a[r*a_step + taps[tap] + d] * panel[tap][d][0..32).
///
/// With `accumulate`, sums start from what `out` holds.
void plain_multiply(const float *a, size_t a_step, size_t rows, const size_t *taps,
                    size_t tap_count, size_t depth, const float *panel, float *out,
                    size_t out_step, int accumulate);
/// out[r][c] = sum over taps of a[r*a_step + taps[tap] + c] * weights[tap][c], for one block of
/// channels.
void plain_depthwise(const float *a, size_t a_step, size_t rows, const size_t *taps,
                     size_t tap_count, const float *weights, float *out, size_t out_step);

/// The last steps of a convolution for one row of sums: + bias, function, RMS norm where `scale` is
/// given, + what `out` holds where `residual`, store.
void plain_finish(float *sums, size_t channels, const float *bias, plain_function f, float epsilon,
                  const float *scale, const float *shift, int residual, plain_type type, void *out);

/// Stored rows [count][channels] as panels of 32 rows, transposed: [count/32][channels][32].
void plain_panels_of_rows(const void *x, plain_type type, size_t count, size_t channels, float *to);
/// Stored rows [count][channels] as panels of 32 channels: [channels/32][count][32].
void plain_panels_of_columns(const void *x, plain_type type, size_t count, size_t channels,
                             float *to);
/// The same of bfloat16 rows, two after the other in a float's place: [channels/32][count/2][32][2],
/// an odd count rounded up.
void plain_pair_panels_of_columns(const void *x, size_t count, size_t channels, void *to);

/// One step of online softmax for a row of scores: scales, updates maximum and sum, leaves
/// exp(score - maximum) in `scores`, and returns what former sums must be multiplied by.
float plain_softmax_step(float *scores, size_t count, float scale, float *maximum, float *sum);
/// x *= factor
void plain_scale(float *x, size_t count, float factor);

/// Σ k' vᵀ and Σ k' of each head over `count` rows: state is [heads][32 * 32 + 32]. dim <= 32.
void plain_linear_attention_state(const void *x, plain_type type, size_t count, size_t heads,
                                  size_t dim, float *state);
/// The attention of `count` rows, written to rows `out_row` values apart.
void plain_linear_attention_apply(const void *x, plain_type type, size_t count, size_t heads,
                                  size_t dim, const float *state, void *out, size_t out_row);

/// out[c] = x[c] * silu(x[half + c]) for `count` rows.
void plain_gated_silu(const void *x, plain_type type, size_t count, size_t half, void *out);

/// out[o] = mean of x[offsets[o * group + i]], i in 0..<group, for `channels` values; `x` and `out`
/// point to stored values.
void plain_gather_mean(const void *x, plain_type type, const int *offsets, size_t group,
                       size_t channels, void *out);
