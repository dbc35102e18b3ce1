import Checkpoint
import Foundation
import Tensor

/// Checkpoints of the published sizes with random weights, where none are to be had.
public enum RandomCheckpoint {
  /// Writes one; the same seed gives the same bytes.
  ///
  /// Convolutions and linear layers are uniform with variance 1 / fan-in, which keeps activations of
  /// one size through all layers; norms are the identity, biases 0.
  /// - Parameters:
  ///   - dtype: a floating-point type.
  ///   - descriptor: an empty file open for writing; the caller closes it.
  ///   - path: its name in errors.
  /// - Throws: `CheckpointError` when writing fails.
  public static func write(
    _ family: Family, seed: UInt64, dtype: DType = .bf16, descriptor: Int32, path: String
  ) throws {
    try write(
      try ModelConfiguration.published(family), seed: seed, dtype: dtype, descriptor: descriptor,
      path: path)
  }

  static func write(
    _ configuration: ModelConfiguration, seed: UInt64, dtype: DType, descriptor: Int32, path: String
  ) throws {
    let loader = WeightLoader(recording: ())
    _ = configuration.makeModel(loader.root)
    let items = loader.requested.map {
      SafetensorsWriter.Item(name: $0.name, dtype: dtype, shape: $0.shape)
    }
    var writer = try SafetensorsWriter(
      descriptor: descriptor, path: path, items: items,
      metadata: ["family": configuration.family.rawValue, "seed": "\(seed)"])
    for (number, item) in items.enumerated() {
      try write(item, philox: Philox(seed: seed), stream: UInt32(number), to: &writer)
    }
    try writer.finish()
  }

  private static func write(
    _ item: SafetensorsWriter.Item, philox: Philox, stream: UInt32,
    to writer: inout SafetensorsWriter
  ) throws {
    let count = item.shape.reduce(1, *)
    guard item.shape.count > 1 else {
      let value: Float = item.name.hasSuffix(".bias") ? 0 : 1
      return try writer.write(Tensor(item.shape, repeating: value), to: item.name)
    }
    let fanIn = item.shape.dropFirst().reduce(1, *)
    // A uniform distribution on ±√(3v) has the variance v.
    let scale = Float((3 / Double(fanIn)).squareRoot() * 0x1p-31)
    let pieceSize = 1 << 20
    for start in stride(from: 0, to: count, by: pieceSize) {
      let piece = Tensor([min(pieceSize, count - start)]) { values in
        for block in stride(from: 0, to: values.count, by: 4) {
          let index = UInt32((start + block) / 4)
          let words = philox.block(SIMD4(index, 0, stream, 1))
          for lane in 0..<min(4, values.count - block) {
            let value = Float(Int32(bitPattern: words[lane])) * scale
            values.initializeElement(at: block + lane, to: value)
          }
        }
      }
      try piece.withValues { try writer.write($0, to: item.name, from: start) }
    }
  }
}
