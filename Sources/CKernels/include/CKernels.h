#pragma once

#include "FastKernels.h"
#include "Peak.h"
#include "PlainConvert.h"
#include "PlainKernels.h"
