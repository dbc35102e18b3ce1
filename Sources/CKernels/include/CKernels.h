#pragma once

#include "FastKernels.h"
#include "PlainConvert.h"
#include "PlainKernels.h"
