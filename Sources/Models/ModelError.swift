/// What keeps a model from being loaded or run: one line, what is wrong and what would be right.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
