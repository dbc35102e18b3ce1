#pragma once
#include <stddef.h>

/// The embedded model: a safetensors file and its configuration, as they lie beside this target.
extern const unsigned char vaecodec_tiny_weights[];
extern const size_t vaecodec_tiny_weights_size;
extern const unsigned char vaecodec_tiny_configuration[];
extern const size_t vaecodec_tiny_configuration_size;

/// The same as pointers: Swift does not import arrays of unknown length.
static inline const void *vaecodec_tiny_weights_start(void) { return vaecodec_tiny_weights; }
static inline const void *vaecodec_tiny_configuration_start(void) {
  return vaecodec_tiny_configuration;
}
