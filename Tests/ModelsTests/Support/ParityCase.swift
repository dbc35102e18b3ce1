import Checkpoint
import Foundation
import NN
import Tensor
import Testing

@testable import Models

/// One folder of reference inputs and outputs.
struct ParityCase: Sendable, CustomTestStringConvertible {
  let folder: URL
  let configuration: JSONValue

  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  /// The cases below `Fixtures/set`.
  static func all(in set: String) throws -> [ParityCase] {
    try FileManager.default.contentsOfDirectory(
      at: fixtures.appending(path: set), includingPropertiesForKeys: nil
    )
    .filter { $0.hasDirectoryPath }
    .sorted { $0.path < $1.path }
    .map(ParityCase.init)
  }

  init(_ folder: URL) throws {
    self.folder = folder
    configuration = try json(folder.appending(path: "config.json"))
  }

  var testDescription: String { folder.lastPathComponent }

  /// Its own checkpoint, or that of the case it names.
  func checkpoint() throws -> Checkpoint {
    let name = configuration.asObject?["weights_case"]?.asText ?? folder.lastPathComponent
    let set = folder.deletingLastPathComponent()
    for parent in [set, Self.fixtures.appending(path: "parity")] {
      let file = parent.appending(path: "\(name)/model.safetensors")
      if FileManager.default.fileExists(atPath: file.path) { return try .open(file.path) }
    }
    throw ModelError("\(folder.path): no checkpoint \(name)")
  }

  func model(
    engine: EngineKind? = nil, precision: Precision = .f32, threads: Int? = nil
  ) throws -> VideoAutoencoder {
    try .load(
      checkpoint(), configuration: configuration, engine: engine, precision: precision,
      threads: threads)
  }

  /// Inputs and outputs by name, without the batch axis of one.
  func tensors() throws -> [String: Tensor] {
    let file = try Checkpoint.open(folder.appending(path: "io.safetensors").path)
    return try file.entries.reduce(into: [:]) { result, entry in
      let tensor = try entry.float32()
      result[entry.name] =
        tensor.shape.count == 5 ? tensor.reshaped(Array(tensor.shape.dropFirst())) : tensor
    }
  }
}

func json(_ file: URL) throws -> JSONValue {
  try StrictJSON.parse(Data(contentsOf: file))
}

/// max|a − b| / max|b|; infinite where shapes differ.
func relativeError(_ a: Tensor, _ b: Tensor) -> Float {
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
