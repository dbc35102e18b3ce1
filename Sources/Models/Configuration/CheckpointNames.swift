import Checkpoint

/// Brings the names that tensors have in the wild to those of the reference.
struct CheckpointNames {
  /// The tensors of the autoencoder, renamed.
  let entries: [TensorEntry]
  /// Whether they had diffusers' names of the 2D model, which tell nothing about scale and shift.
  let areDiffusers2D: Bool

  /// - Parameter entries: as the file has them. HunyuanVideo's original prefixes all with `vae.`.
  init(_ entries: [TensorEntry]) {
    let prefix = "vae."
    var entries = entries
    if entries.contains(where: { $0.name.hasPrefix(prefix) }) {
      entries = entries.filter { $0.name.hasPrefix(prefix) }
        .map { $0.renamed(String($0.name.dropFirst(prefix.count))) }
    }
    areDiffusers2D = entries.contains { entry in
      entry.name == "encoder.down_blocks.0.resnets.0.conv1.weight"
    }
    guard areDiffusers2D else {
      self.entries = entries
      return
    }
    let levels = Self.count(entries.map(\.name), prefix: "decoder.up_blocks.")
    self.entries = entries.map { $0.renamed(Self.fluxName($0.name, levels: levels)) }
  }

  /// How many different first components follow `prefix` among `names`.
  static func count(_ names: some Sequence<String>, prefix: String) -> Int {
    Set(
      names.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count).prefix { $0 != "." } }
    )
    .count
  }

  /// Flux's name of a tensor of diffusers' `AutoencoderKL`.
  static func fluxName(_ name: String, levels: Int) -> String {
    var parts = name.split(separator: ".").map(String.init)
    guard parts.count > 3 else {
      return name.replacing("conv_norm_out", with: "norm_out")
    }
    switch parts[1] {
    case "down_blocks", "up_blocks":
      // diffusers counts the decoder's levels in the order they run, Flux by resolution.
      let isDown = parts[1] == "down_blocks"
      let level = Int(parts[2]).map { isDown ? $0 : levels - 1 - $0 }
      let head = [parts[0], isDown ? "down" : "up", level.map(String.init) ?? parts[2]]
      if parts[3] == "resnets" {
        parts = head + ["block"] + parts[4...]
      } else {
        parts = head + [isDown ? "downsample" : "upsample"] + parts[5...]
      }
    case "mid_block" where parts[2] == "resnets":
      parts = [parts[0], "mid", parts[3] == "0" ? "block_1" : "block_2"] + parts[4...]
    case "mid_block":
      parts = [parts[0], "mid", "attn_1"] + parts[4...]
    default: break
    }
    return parts.filter { $0 != "to_out" }.joined(separator: ".")
      .replacing("attn_1.0.", with: "attn_1.proj_out.")
      .replacing("conv_shortcut", with: "nin_shortcut")
      .replacing(
        /attn_1\.(group_norm|to_q|to_k|to_v|query|key|value|proj_attn)\./,
        with: { "attn_1.\(attentionNames[$0.output.1] ?? $0.output.1)." })
  }

  /// Current and former names of diffusers' attention.
  private static let attentionNames: [Substring: Substring] = [
    "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "query": "q", "key": "k",
    "value": "v", "proj_attn": "proj_out",
  ]
}
