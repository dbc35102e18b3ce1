import Checkpoint

/// What the names and shapes of a checkpoint's tensors show of its model.
struct TensorShapes {
  private let shapes: [String: [Int]]
  private let areDiffusers2D: Bool

  init(_ names: CheckpointNames) {
    shapes = Dictionary(names.entries.map { ($0.name, $0.shape) }) { first, _ in first }
    areDiffusers2D = names.areDiffusers2D
  }

  func family() throws -> Family {
    if shapes["encoder.down_blocks.0.resnets.0.conv1.conv.weight"] != nil { return .hunyuanVAE }
    if shapes["encoder.down.0.block.0.conv1.weight"] != nil { return .autoencoder2D }
    if shapes["encoder.project_in.conv.weight"] != nil { return .dcAE }
    let some = shapes.keys.sorted().prefix(3).joined(separator: ", ")
    throw ModelError(
      "none of the known autoencoders has these tensors (\(shapes.count): \(some)…); known are "
        + Family.allCases.map(\.title).joined(separator: ", "))
  }

  /// The settings that the tensors show.
  /// - Parameter given: the configuration in Open-Sora's keys; nil where there is none, and what
  ///   the tensors cannot tell must then be the published model's.
  func settings(of family: Family, given: [String: JSONValue]?) throws -> [String: JSONValue] {
    switch family {
    case .hunyuanVAE: return try causal3D(given ?? [:])
    case .autoencoder2D:
      let shown = flux2D()
      guard given != nil || (!areDiffusers2D && isFluxLike(shown)) else {
        throw ModelError(
          "this may be Flux's autoencoder or another of its kind, and the tensors do not tell scale "
            + "and shift; give the configuration with --config")
      }
      return shown
    case .dcAE: return dcAE()
    }
  }

  private func causal3D(_ given: [String: JSONValue]) throws -> [String: JSONValue] {
    let levels = count("encoder.down_blocks.")
    let widths = (0..<levels).map {
      output("encoder.down_blocks.\($0).resnets.0.conv1.conv.weight")
    }
    var shown: [String: JSONValue] = [
      "layers_per_block": .integer(count("encoder.down_blocks.0.resnets.")),
      "mid_block_add_attention": .bool(count("encoder.mid_block.attentions.") > 0),
    ]
    shown["block_out_channels"] = list(widths)
    shown["in_channels"] = input("encoder.conv_in.conv.weight").map { .integer($0) }
    shown["out_channels"] = output("decoder.conv_out.conv.weight").map { .integer($0) }
    shown["latent_channels"] = input("decoder.conv_in.conv.weight").map { .integer($0) }
    for (key, value) in try causalRatios(levels: levels, given) { shown[key] = .integer(value) }
    return shown
  }

  /// Ratios that fit the levels that have a resampling convolution, where that tells them.
  private func causalRatios(
    levels: Int, _ given: [String: JSONValue]
  ) throws -> [String: Int] {
    let keys = ["time_compression_ratio", "spatial_compression_ratio"]
    guard !keys.allSatisfy({ given[$0] != nil }), levels > 0 else { return [:] }
    let resampled = (0..<levels).map {
      shapes["encoder.down_blocks.\($0).downsamplers.0.conv.conv.weight"] != nil
    }
    var candidates: [(time: Int, space: Int)] = []
    for time in [4, 8] {
      for space in (0..<levels).map({ 1 << $0 }) {
        let axes = (0..<levels).map {
          Causal3DConfiguration.compressedAxes(level: $0, of: levels, time: time, space: space)
        }
        guard axes.map(\.any) == resampled, 1 << axes.count(where: \.time) == time else { continue }
        candidates.append((time, space))
      }
    }
    if candidates.contains(where: { $0 == (4, 8) }) { return [:] }
    guard candidates.count == 1 else {
      guard given.isEmpty else { return [:] }
      throw ModelError(
        "the tensors do not tell \(keys[0]) and \(keys[1]); give them with --config")
    }
    return [keys[0]: candidates[0].time, keys[1]: candidates[0].space]
  }

  private func flux2D() -> [String: JSONValue] {
    var shown: [String: JSONValue] = [
      "num_res_blocks": .integer(count("encoder.down.0.block.")),
      "mid_block_add_attention": .bool(shapes["encoder.mid.attn_1.q.weight"] != nil),
      "use_quant_conv": .bool(shapes["quant_conv.weight"] != nil),
      "use_post_quant_conv": .bool(shapes["post_quant_conv.weight"] != nil),
    ]
    let ch = output("encoder.conv_in.weight")
    let widths = (0..<count("encoder.down.")).map {
      output("encoder.down.\($0).block.0.conv1.weight")
    }
    shown["ch"] = ch.map { .integer($0) }
    if let ch, ch > 0 {
      let multiples = widths.map { width in
        width.flatMap { $0 % ch == 0 ? $0 / ch : nil }
      }
      shown["ch_mult"] = list(multiples)
    }
    shown["in_channels"] = input("encoder.conv_in.weight").map { .integer($0) }
    shown["out_ch"] = output("decoder.conv_out.weight").map { .integer($0) }
    shown["z_channels"] = input("decoder.conv_in.weight").map { .integer($0) }
    return shown
  }

  /// Scale and shift are Flux's only where nothing else is unlike it.
  private func isFluxLike(_ shown: [String: JSONValue]) -> Bool {
    shown["z_channels"] == .integer(16) && shown["use_quant_conv"] == .bool(false)
  }

  private func dcAE() -> [String: JSONValue] {
    var shown: [String: JSONValue] = [:]
    shown["in_channels"] = input("encoder.project_in.conv.weight").map { .integer($0) }
    shown["latent_channels"] =
      output("encoder.project_out.main.op_list.0.conv.weight").map { .integer($0) }
    shown["encoder"] = .object(dcHalf("encoder", resamplesLast: true))
    shown["decoder"] = .object(dcHalf("decoder", resamplesLast: false))
    return shown
  }

  /// - Parameter resamplesLast: whether a stage's resampling layer follows its blocks.
  private func dcHalf(_ half: String, resamplesLast: Bool) -> [String: JSONValue] {
    let levels = count("\(half).stages.")
    var widths: [Int?] = []
    var depths: [Int?] = []
    var kinds: [JSONValue] = []
    for level in 0..<levels {
      let stage = "\(half).stages.\(level).op_list."
      let isDeepest = level == levels - 1
      let first = "\(stage)\(resamplesLast || isDeepest ? 0 : 1)."
      let vit = "\(first)context_module.main."
      widths.append(
        output("\(first)main.conv2.conv.weight") ?? output("\(vit)proj.conv.weight"))
      depths.append(count(stage) - (isDeepest ? 0 : 1))
      let kind: DCAEConfiguration.BlockKind =
        shapes["\(vit)aggreg.0.0.weight"] != nil
        ? .efficientViTTwoScales
        : shapes["\(vit)qkv.conv.weight"] != nil ? .efficientViT : .residual
      kinds.append(.string(kind.rawValue))
    }
    var shown: [String: JSONValue] = ["block_type": .array(kinds)]
    shown["width_list"] = list(widths)
    shown["depth_list"] = list(depths)
    return shown
  }

  private func count(_ prefix: String) -> Int { CheckpointNames.count(shapes.keys, prefix: prefix) }
  private func output(_ name: String) -> Int? { shapes[name]?.first }
  private func input(_ name: String) -> Int? { shapes[name]?.dropFirst().first }
  private func list(_ values: [Int?]) -> JSONValue? {
    values.allMapped { $0 }.map { .array($0.map { .integer($0) }) }
  }
}
