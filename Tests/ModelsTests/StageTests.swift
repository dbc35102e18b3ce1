import Checkpoint
import NN
import Tensor
import TestSupport
import Testing

@testable import Models

/// Outputs of single modules, so that a failure says where two implementations part.
@Suite struct StageTests {
  @Test(arguments: EngineKind.available)
  func causal3D(engine: EngineKind) throws {
    let run = try StageRun("causal3d", engine)
    let model = try run.model { root, architecture -> KLAutoencoder? in
      guard case .causal3D(let configuration) = architecture else { return nil }
      return KLAutoencoder(root, configuration)
    }
    var h = try model.encoder.convIn(run.upload("x"), run.context)
    for (i, level) in model.encoder.down.enumerated() {
      h = try level(h, run.context)
      try run.check(h, "encoder.down_blocks.\(i)")
    }
    h = try model.encoder.mid(h, run.context)
    try run.check(h, "encoder.mid_block")
    h = try model.encoder.convOut(h, norm: model.encoder.normOut, activation: .silu, run.context)
    try run.check(h, "encoder.conv_out")
    let quantConv = try #require(model.quantConv)
    try run.check(try quantConv(h, run.context), "quant_conv")

    let postQuantConv = try #require(model.postQuantConv)
    h = try postQuantConv(run.latents(), run.context)
    try run.check(h, "post_quant_conv")
    h = try model.decoder.convIn(h, run.context)
    try run.check(h, "decoder.conv_in")
    h = try model.decoder.mid(h, run.context)
    try run.check(h, "decoder.mid_block")
    for (i, level) in model.decoder.up.enumerated() {
      h = try level(h, run.context)
      if i < 2 { try run.check(h, "decoder.up_blocks.\(i)") }
    }
    h = try model.decoder.convOut(h, norm: model.decoder.normOut, activation: .silu, run.context)
    try run.check(h, "decoder.conv_out")
  }

  @Test(arguments: EngineKind.available)
  func flux2D(engine: EngineKind) throws {
    let run = try StageRun("autoencoder_2d", engine)
    let model = try run.model { root, architecture -> KLAutoencoder? in
      guard case .flux2D(let configuration) = architecture else { return nil }
      return KLAutoencoder(root, configuration)
    }
    var h = try model.encoder.convIn(run.upload("x"), run.context)
    for level in model.encoder.down { h = try level(h, run.context) }
    h = try model.encoder.mid.first(h, run.context)
    try run.check(h, "encoder.mid.block_1")
    let encoderAttention = try #require(model.encoder.mid.attention)
    h = try encoderAttention(h, run.context)
    try run.check(h, "encoder.mid.attn_1")

    h = try model.decoder.convIn(run.latents(), run.context)
    try run.check(h, "decoder.conv_in")
    h = try model.decoder.mid.first(h, run.context)
    let decoderAttention = try #require(model.decoder.mid.attention)
    h = try decoderAttention(h, run.context)
    try run.check(h, "decoder.mid.attn_1")
    h = try model.decoder.mid.second(h, run.context)
    try run.check(try model.decoder.up[0](h, run.context), "decoder.up.3.upsample")
  }

  @Test(arguments: EngineKind.available)
  func dcAE(engine: EngineKind) throws {
    let run = try StageRun("dc_ae", engine)
    let model = try run.model { root, architecture -> DCAutoencoder? in
      guard case .dcAE(let configuration) = architecture else { return nil }
      return DCAutoencoder(root, configuration)
    }
    var h = try model.encoder.projectIn(run.upload("x"), run.context)
    for (i, stage) in model.encoder.stages.enumerated() {
      for block in stage.blocks { h = try block(h, run.context) }
      if let down = stage.down { h = try down(h, run.context) }
      if i > 0 { try run.check(h, "encoder.stages.\(i)") }
    }
    try run.check(try model.encoder.projectOut(h, run.context), "encoder.project_out")

    h = try model.decoder.projectIn(run.latents(), run.context)
    try run.check(h, "decoder.project_in")
    for (i, stage) in model.decoder.stages.enumerated().reversed() where i > 1 {
      if let up = stage.up { h = try up(h, run.context) }
      for block in stage.blocks { h = try block(h, run.context) }
      try run.check(h, "decoder.stages.\(i)")
    }
  }
}

/// One parity case with its stages, taken apart.
private struct StageRun {
  let context: ComputeContext
  private let parity: ParityCase
  private let tensors: [String: Tensor]

  init(_ name: String, _ engine: EngineKind) throws {
    parity = try ParityCase("parity/\(name)")
    tensors = try parity.tensors()
    context = try ComputeContext(engine: engine)
  }

  func model<M>(_ make: (WeightScope, ModelConfiguration.Architecture) -> M?) throws -> M {
    let summary = try ModelSummary(parity.checkpoint(), configuration: parity.configuration)
    let loader = WeightLoader(summary.entries, source: "fixture")
    let model = try #require(make(loader.root, summary.configuration.architecture))
    try loader.finish()
    return model
  }

  func upload(_ name: String) throws -> Activation {
    try context.upload(try #require(tensors[name]))
  }

  /// The latents as the decoder takes them.
  func latents() throws -> Activation {
    let model = try ModelSummary(parity.checkpoint(), configuration: parity.configuration)
    return try context.upload(
      model.configuration.scaling.fromDiffusion(try #require(tensors["z"])))
  }

  func check(
    _ actual: Activation, _ stage: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var expected = try #require(tensors["stage.\(stage)"], "\(stage)")
    let actual = try context.download(actual)
    if expected.shape[0] != actual.shape[0] { expected = expected.swappingFirstAxes() }
    let error = relativeError(actual, expected)
    #expect(error <= 1e-4, "\(stage)", sourceLocation: sourceLocation)
  }
}

extension Tensor {
  /// `[T, C, H, W]`, as 2D stages are stored, as `[C, T, H, W]`.
  fileprivate func swappingFirstAxes() -> Tensor {
    let parts = (0..<shape[0]).map { index in
      slice(axis: 0, index..<index + 1).reshaped([shape[1], 1, shape[2], shape[3]])
    }
    return .concatenate(parts, axis: 1)
  }
}
