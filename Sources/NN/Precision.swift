/// How activations are stored between layers. Sums are always formed in float32 or wider.
public enum Precision: String, Sendable, CaseIterable {
  /// IEEE single precision.
  case f32
  /// bfloat16 storage: half the memory, 8 significant bits.
  case bf16

  /// Bytes one stored value takes.
  public var bytes: Int { self == .f32 ? 4 : 2 }
}
