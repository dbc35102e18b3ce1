/// What a run will take, from a dry run of the same model code.
public struct Plan: Sendable {
  /// Activations, scratch memory and weights packed for one layer, when they take most, and the
  /// pages that gaps between them keep.
  public let arenaBytes: Int
  /// Packed weights that stay between layers.
  public let keptBytes: Int
  /// Size in the checkpoint of the weights that were used; they are mapped, not copied.
  public let weightBytes: Int
  /// All operations, with `seconds` 0.
  public let layers: [ProfileEntry]

  /// Memory at the peak, without the clip itself.
  public var peakBytes: Int { arenaBytes + keptBytes + weightBytes }
  /// Multiply-adds as the layers are defined.
  public var multiplyAdds: Int { layers.reduce(0) { $0 + $1.multiplyAdds } }
  /// Multiply-adds that the engine carries out.
  public var effectiveMultiplyAdds: Int { layers.reduce(0) { $0 + $1.effectiveMultiplyAdds } }
}
