internal import CKernels

/// What the CPU can do.
enum Processor {
  /// Whether there are bfloat16 dot products.
  static var hasBFloat16: Bool { plain_has_bf16() != 0 }
}
