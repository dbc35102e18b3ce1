import Checkpoint
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite struct ConfigurationTests {
  private func parity(_ name: String) throws -> ParityCase {
    try ParityCase(name)
  }

  @Test(arguments: [
    (Family.hunyuanVAE, 246.5), (Family.autoencoder2D, 83.8), (Family.dcAE, 459.0),
  ])
  func publishedSizes(family: Family, millions: Double) throws {
    let loader = WeightLoader(recording: ())
    _ = try ModelConfiguration.published(family).makeModel(loader.root)
    let count = loader.requested.reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(abs(Double(count) / 1e6 - millions) < 0.6)
    #expect(Set(loader.requested.map(\.name)).count == loader.requested.count)
  }

  /// Everything that a DC-AE's tensors show is found without a configuration.
  @Test func infersDCAE() throws {
    let checkpoint = try parity("parity/dc_ae").checkpoint()
    let summary = try ModelSummary(checkpoint)
    #expect(summary.configuration.family == .dcAE)
    #expect(summary.dtypes == [.bf16])
    let settings = summary.configuration.settings
    #expect(
      settings.contains { $0.key == "encoder.depth_list" && $0.value == "[1, 1, 1, 1, 2, 1]" })
    #expect(settings.filter { $0.origin == .given }.isEmpty)
    #expect(settings.contains { $0.key == "spatial_tile_size" && $0.origin == .assumed })
    #expect(settings.contains { $0.key == "latent_channels" && $0.origin == .inferred })
    _ = try VideoAutoencoder.load(checkpoint)
  }

  @Test func infersFlux() throws {
    let summary = try ModelSummary(parity("parity/autoencoder_2d").checkpoint())
    guard case .flux2D(let configuration) = summary.configuration.architecture else {
      Issue.record("\(summary.configuration.family)")
      return
    }
    #expect(configuration.widths == [32, 32, 64, 64])
    #expect(configuration.numResBlocks == 1)
    #expect(configuration.scaleFactor == 0.3611)
  }

  /// The tensors do not tell the number of groups, and 32 cannot be.
  @Test func asksForConfiguration() throws {
    for name in ["parity/causal3d", "more/autoencoder_2d_diffusers"] {
      let checkpoint = try parity(name).checkpoint()
      #expect {
        try ModelSummary(checkpoint)
      } throws: { error in
        "\(error)".contains("--config")
      }
    }
  }

  @Test func takesPartsOfAConfiguration() throws {
    let checkpoint = try parity("parity/causal3d").checkpoint()
    let given = JSONValue.object(["norm_num_groups": .integer(4), "scale_factor": .number(0.5)])
    let model = try VideoAutoencoder.load(checkpoint, configuration: given)
    #expect(model.scaling.scaleFactor == 0.5)
    #expect(model.geometry.timeRatio == 4 && model.geometry.space == 8)
  }

  @Test func infersRatiosFromLevels() throws {
    let summary = try ModelSummary(
      parity("parity/causal3d_time8").checkpoint(),
      configuration: .object(["norm_num_groups": .integer(4)]))
    // Levels show as well with 4 as with 8: the published ratio is assumed.
    #expect(summary.configuration.geometry.timeRatio == 4)
    #expect(
      summary.configuration.settings.contains {
        $0.key == "time_compression_ratio" && $0.origin == .assumed
      })
  }

  @Test(arguments: [
    (#"{"type": "vq"}"#, "type must be one of"),
    (#"{"type": "dc_ae"}"#, "the tensors are those of hunyuan_vae"),
    (#"{"_class_name": "AutoencoderTiny"}"#, "AutoencoderTiny is not supported"),
    (#"{"norm_num_groups": 5}"#, "does not divide"),
    (#"{"norm_num_groups": "4"}"#, "norm_num_groups must be an integer"),
    (#"{"norm_num_groups": 4, "spatial_compression_ratio": 32}"#, "cannot compress"),
    (#"{"norm_num_groups": 4, "scale_factor": 0}"#, "the scale not 0"),
    (#"{"norm_num_groups": 4, "act_fn": "relu"}"#, "act_fn relu is not supported"),
    (#"{"norm_num_groups": 4, "block_out_channels": []}"#, "1 to 16 integers"),
    (#"[4]"#, "must be a JSON object"),
  ])
  func refuses(configuration: String, reason: String) throws {
    let checkpoint = try parity("parity/causal3d").checkpoint()
    let given = try StrictJSON.parse(Data(configuration.utf8))
    #expect {
      try ModelSummary(checkpoint, configuration: given)
    } throws: { error in
      "\(error)".contains(reason)
    }
  }

  @Test func namesWhatDoesNotFit() throws {
    let parity = try parity("parity/causal3d")
    let given = try #require(parity.configuration.asObject)
    let wrong = given.merging(["latent_channels": .integer(8)]) { $1 }
    #expect {
      try VideoAutoencoder.load(try parity.checkpoint(), configuration: .object(wrong))
    } throws: { error in
      "\(error)".contains("encoder.conv_out.conv.weight")
        && "\(error)".contains("[32, 24, 3, 3, 3]")
    }
  }

  /// HunyuanVideo's original checkpoint has a prefix, and other things beside.
  @Test func takesPrefixedNames() throws {
    let entries = try parity("parity/causal3d").checkpoint().entries
    let names = CheckpointNames(
      entries.map { $0.renamed("vae.\($0.name)") } + [entries[0].renamed("loss.logvar")])
    #expect(names.entries.map(\.name) == entries.map(\.name))
  }

  @Test(arguments: [
    ("encoder.conv_norm_out.bias", "encoder.norm_out.bias"),
    ("encoder.down_blocks.1.downsamplers.0.conv.bias", "encoder.down.1.downsample.conv.bias"),
    ("decoder.up_blocks.0.resnets.2.conv_shortcut.bias", "decoder.up.3.block.2.nin_shortcut.bias"),
    ("decoder.up_blocks.2.upsamplers.0.conv.weight", "decoder.up.1.upsample.conv.weight"),
    ("decoder.mid_block.resnets.1.norm1.bias", "decoder.mid.block_2.norm1.bias"),
    ("decoder.mid_block.attentions.0.to_out.0.weight", "decoder.mid.attn_1.proj_out.weight"),
    ("decoder.mid_block.attentions.0.group_norm.bias", "decoder.mid.attn_1.norm.bias"),
    ("decoder.mid_block.attentions.0.query.bias", "decoder.mid.attn_1.q.bias"),
    ("quant_conv.weight", "quant_conv.weight"),
  ])
  func fluxNames(diffusers: String, flux: String) {
    #expect(CheckpointNames.fluxName(diffusers, levels: 4) == flux)
  }
}
