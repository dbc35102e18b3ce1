/// The kinds of latent files that are written; decoding takes them all.
public enum LatentFormat: String, Sendable, CaseIterable {
  /// safetensors with all that decoding needs in its metadata.
  case vaecodec
  /// musubi-tuner's HunyuanVideo cache: `latents_FxHxW_dtype`, unscaled.
  case musubi
  /// What ComfyUI's SaveLatent writes and LoadLatent reads: `latent_tensor`, unscaled; a video
  /// model's clip is a batch of one, an image model's frames are a batch of pictures.
  case comfyUI = "comfyui"
  /// A bare tensor for Open-Sora's `latents_path`: `torch.save` of `[C,T,H,W]`, scaled.
  case openSora = "opensora-pt"

  /// Whether the values are scaled for a diffusion model.
  public var isScaled: Bool {
    switch self {
    case .vaecodec, .openSora: true
    case .musubi, .comfyUI: false
    }
  }

  /// The name, extension included, that belongs to a clip called `stem`.
  ///
  /// musubi-tuner finds frames and size in its file names, ComfyUI lists `.latent` files only.
  public func fileName(stem: String, frames: Int, width: Int, height: Int) -> String {
    switch self {
    case .vaecodec: "\(stem).latents.safetensors"
    case .musubi:
      frames == 1
        ? "\(stem)_\(padded(width, 4))x\(padded(height, 4))_hv.safetensors"
        : "\(stem)_00000-\(padded(frames, 3))_\(padded(width, 4))x\(padded(height, 4))_hv.safetensors"
    case .comfyUI: "\(stem).latent"
    case .openSora: "\(stem).pt"
    }
  }
}

private func padded(_ number: Int, _ digits: Int) -> String {
  let text = "\(number)"
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
