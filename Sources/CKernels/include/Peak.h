/// How fast this CPU multiplies and adds, as a yardstick for benchmarks.
#pragma once

/// Runs `rounds` rounds of independent float32 multiply-adds on the widest vector unit; returns how
/// many multiply-adds that were.
double peak_multiply_adds(long rounds);
