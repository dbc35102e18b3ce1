import Checkpoint
import NN
import Tensor
import TestSupport

@testable import Models

extension ParityCase {
  /// The case's model.
  func model(
    engine: EngineKind? = nil, precision: Precision = .f32, threads: Int? = nil
  ) throws -> VideoAutoencoder {
    try .load(
      checkpoint(), configuration: configuration, engine: engine, precision: precision,
      threads: threads)
  }
}
