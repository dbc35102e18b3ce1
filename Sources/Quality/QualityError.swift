/// A comparison that cannot be made; one line that names what and why.
public struct QualityError: Error, CustomStringConvertible, Hashable {
  /// The whole message.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
