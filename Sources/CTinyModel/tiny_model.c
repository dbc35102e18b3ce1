#include "CTinyModel.h"

// Aligned so that the tensors inside can be read in place.
_Alignas(64) const unsigned char vaecodec_tiny_weights[] = {
#embed "tiny.safetensors"
};
const size_t vaecodec_tiny_weights_size = sizeof(vaecodec_tiny_weights);

const unsigned char vaecodec_tiny_configuration[] = {
#embed "tiny.json"
};
const size_t vaecodec_tiny_configuration_size = sizeof(vaecodec_tiny_configuration);
