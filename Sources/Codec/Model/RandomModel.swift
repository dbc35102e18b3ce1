public import Models

/// A checkpoint of random weights that was written.
public struct RandomModelResult: Codable, Hashable, Sendable {
  public var family: String
  public var output: String
  public var seed: UInt64
  /// Size of the file.
  public var bytes: Int
}

/// Writes a checkpoint of a family's published size with random BF16 weights; the same seed gives
/// the same bytes.
///
/// - Throws: one line for people; nothing is left behind then.
public func makeRandomModel(
  _ family: Family, seed: UInt64, at path: String, replacing: Bool, session: Session
) throws -> RandomModelResult {
  let output = try AtomicFile(path, replacing: replacing, in: session.temporaries)
  try RandomCheckpoint.write(family, seed: seed, descriptor: output.file.descriptor, path: path)
  try session.cancellation.check()
  let bytes = try output.file.size()
  try output.commit()
  return RandomModelResult(family: family.rawValue, output: path, seed: seed, bytes: bytes)
}
