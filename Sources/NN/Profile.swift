/// What one operation took.
public struct ProfileEntry: Sendable {
  /// The layer's name in the checkpoint, as "decoder.conv_in.conv"; empty for other operations.
  public let layer: String
  /// What was done, as "convolution 3x3x3".
  public let operation: String
  /// Size and channels of the result.
  public let output: Extent
  public let channels: Int
  /// Multiply-adds as the operation is defined, and as they were carried out.
  public let multiplyAdds: Int
  public let effectiveMultiplyAdds: Int
  /// Wall-clock time; 0 in a plan.
  public let seconds: Double
}

/// Times of all operations since it was set on a ``ComputeContext``, in the order they ran.
public struct Profile: Sendable {
  public private(set) var entries: [ProfileEntry] = []

  public init() {}

  /// Sum over all entries.
  public var seconds: Double { entries.reduce(0) { $0 + $1.seconds } }
  /// Sum over all entries.
  public var multiplyAdds: Int { entries.reduce(0) { $0 + $1.multiplyAdds } }

  mutating func add(_ entry: ProfileEntry) {
    entries.append(entry)
  }
}
