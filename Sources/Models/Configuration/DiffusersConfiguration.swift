import Checkpoint

/// Turns a diffusers `config.json` into Open-Sora's keys.
enum DiffusersConfiguration {
  /// The family that a configuration names, if it does, and its settings in Open-Sora's keys.
  static func translated(
    _ given: [String: JSONValue]
  ) throws -> (family: Family?, settings: [String: JSONValue]) {
    if let name = given["_class_name"]?.asText {
      switch name {
      case "AutoencoderKLHunyuanVideo":
        return (.hunyuanVAE, causal3D(given))
      case "AutoencoderKL":
        return (.autoencoder2D, try autoencoderKL(given))
      default:
        throw ModelError(
          "configuration: _class_name \(name) is not supported; only AutoencoderKLHunyuanVideo "
            + "and AutoencoderKL")
      }
    }
    guard let type = given["type"] else { return (nil, given) }
    guard let family = type.asText.flatMap(Family.init) else {
      throw ModelError(
        "configuration: type must be one of \(Family.allCases.map(\.rawValue))")
    }
    return (family, given)
  }

  private static func causal3D(_ given: [String: JSONValue]) -> [String: JSONValue] {
    var result = given
    result["scale_factor"] = given["scaling_factor"] ?? .number(0.476986)
    result["time_compression_ratio"] = given["temporal_compression_ratio"] ?? .integer(4)
    return result
  }

  /// Where keys are absent, diffusers' own defaults hold, not Flux's.
  private static func autoencoderKL(_ given: [String: JSONValue]) throws -> [String: JSONValue] {
    let widths = given["block_out_channels"]?.asList?.allMapped(\.asInteger) ?? [64]
    guard let first = widths.first, first > 0, widths.allSatisfy({ $0 % first == 0 }) else {
      throw ModelError("configuration: block_out_channels must be multiples of the first one")
    }
    func value(_ key: String, or fallback: JSONValue) -> JSONValue {
      given[key].flatMap { $0 == .null ? nil : $0 } ?? fallback
    }
    var result = given
    result["ch"] = .integer(first)
    result["ch_mult"] = .array(widths.map { .integer($0 / first) })
    result["num_res_blocks"] = value("layers_per_block", or: .integer(1))
    result["z_channels"] = value("latent_channels", or: .integer(4))
    result["out_ch"] = value("out_channels", or: .integer(3))
    result["scale_factor"] = value("scaling_factor", or: .number(0.18215))
    result["shift_factor"] = value("shift_factor", or: .integer(0))
    result["use_quant_conv"] = value("use_quant_conv", or: .bool(true))
    result["use_post_quant_conv"] = value("use_post_quant_conv", or: .bool(true))
    return result
  }
}
