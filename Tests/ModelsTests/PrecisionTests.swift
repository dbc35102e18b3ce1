import NN
import Tensor
import TestSupport
import Testing

@testable import Models

/// What storing activations as bfloat16 costs, for every family; on any CPU, as the sums are float32.
@Suite struct PrecisionTests {
  @Test(arguments: ["causal3d", "autoencoder_2d", "dc_ae"], EngineKind.available)
  func bfloat16(name: String, engine: EngineKind) throws {
    let parity = try ParityCase("parity/\(name)")
    let tensors = try parity.tensors()
    let model = try VideoAutoencoder.load(
      parity.checkpoint(), configuration: parity.configuration
    ) {
      try ComputeContext(engine: engine, precision: .bf16)
    }
    let z = try #require(tensors["z"])
    let encoded = model.scaling.toDiffusion(
      try model.encode(try #require(tensors["x"])).mode())
    let decoded = try model.decode(model.scaling.fromDiffusion(z))
    #expect(relativeError(encoded, z) <= 0.03)
    #expect(relativeError(decoded, try #require(tensors["recon"])) <= 0.04)
  }
}
