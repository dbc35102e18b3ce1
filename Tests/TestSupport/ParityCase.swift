public import Checkpoint
public import Foundation
public import Tensor

/// One folder of reference inputs and outputs, below `ModelsTests/Fixtures`.
public struct ParityCase: Sendable, CustomStringConvertible {
  public let folder: URL
  public let configuration: JSONValue

  public static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "ModelsTests/Fixtures")

  /// All cases.
  public static let all = ["parity", "more"].flatMap { (try? all(in: $0)) ?? [] }

  /// The cases below `Fixtures/set`.
  public static func all(in set: String) throws -> [ParityCase] {
    try FileManager.default.contentsOfDirectory(
      at: fixtures.appending(path: set), includingPropertiesForKeys: nil
    )
    .filter { $0.hasDirectoryPath }
    .sorted { $0.path < $1.path }
    .map(ParityCase.init)
  }

  /// The case of this path below `Fixtures`, as "parity/dc_ae".
  public init(_ path: String) throws {
    try self.init(Self.fixtures.appending(path: path))
  }

  private init(_ folder: URL) throws {
    self.folder = folder
    configuration = try StrictJSON.parse(Data(contentsOf: folder.appending(path: "config.json")))
  }

  public var description: String { folder.lastPathComponent }

  /// Its own weights, or those of the case it names.
  public var weights: String {
    var name = folder.lastPathComponent
    if case .object(let fields) = configuration, case .string(let other)? = fields["weights_case"] {
      name = other
    }
    let own = folder.deletingLastPathComponent().appending(path: "\(name)/model.safetensors").path
    return FileManager.default.fileExists(atPath: own)
      ? own : Self.fixtures.appending(path: "parity/\(name)/model.safetensors").path
  }

  public func checkpoint() throws -> Checkpoint { try .open(weights) }

  /// The file of inputs and outputs.
  public var vectors: String { folder.appending(path: "io.safetensors").path }

  /// Inputs and outputs by name, without the batch axis of one.
  public func tensors() throws -> [String: Tensor] { try readTensors(vectors) }
}

/// The tensors of a file by name, without a batch axis of one.
public func readTensors(_ path: String) throws -> [String: Tensor] {
  try Checkpoint.open(path).entries.reduce(into: [:]) { result, entry in
    let tensor = try entry.float32()
    result[entry.name] =
      tensor.shape.count == 5 ? tensor.reshaped(Array(tensor.shape.dropFirst())) : tensor
  }
}

/// max|a − b| / max|b|; infinite where shapes differ.
public func relativeError(_ a: Tensor, _ b: Tensor) -> Float {
  guard a.shape == b.shape else { return .infinity }
  var (difference, largest): (Float, Float) = (0, 0)
  a.withValues { a in
    b.withValues { b in
      for i in a.indices {
        difference = max(difference, abs(a[i] - b[i]))
        largest = max(largest, abs(b[i]))
        if a[i].isNaN { difference = .infinity }
      }
    }
  }
  return difference / largest
}
