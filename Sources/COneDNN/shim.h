#pragma once
// The C interface alone; what is used of it is the same in oneDNN 2 and 3.
#include <oneapi/dnnl/dnnl.h>
