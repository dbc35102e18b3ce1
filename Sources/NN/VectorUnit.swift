internal import CKernels

/// Kinds of vector units that the fast engine has kernels for, least first.
package enum VectorUnit: Sendable, CaseIterable {
  /// What every CPU of the architecture has.
  case baseline
  case avx2, avx512
  /// AVX-512 with products of bfloat16 pairs.
  case avx512BFloat16

  /// Those that this CPU has.
  package static var available: [VectorUnit] {
    allCases.filter { $0.level.rawValue <= fast_best_level().rawValue }
  }

  var level: fast_level {
    switch self {
    case .baseline: FAST_BASELINE
    case .avx2: FAST_AVX2
    case .avx512: FAST_AVX512
    case .avx512BFloat16: FAST_AVX512_BF16
    }
  }
}
