/// What keeps the compute layer from working: one line, what is wrong and what would be right.
public struct ComputeError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
