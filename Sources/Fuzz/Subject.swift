/// A parser under test, and what to feed it.
struct Subject {
  /// Valid inputs to begin with.
  var seeds: [[UInt8]]
  var tokens: [[UInt8]]
  /// Makes an input from nothing, near to what the parser accepts.
  var generate: (inout Randomness) -> [UInt8]
  /// Parses an input and reads all it holds. Throws when it is refused.
  var parse: ([UInt8]) throws -> Void
  /// Longest input.
  var maximumSize = 1 << 16
  /// Memory the parser may take in all, in megabytes, whatever the input says.
  var megabytes = 256
}

/// A refusal that is not as a refusal must be: one line of text, of a type made for it.
struct ImproperRefusal: Error, CustomStringConvertible {
  let description: String
}
