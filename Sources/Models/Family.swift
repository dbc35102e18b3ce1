/// The three autoencoders, by the names Open-Sora's configurations give them.
public enum Family: String, CaseIterable, Sendable {
  /// AutoencoderKLCausal3D, the video autoencoder of HunyuanVideo.
  case hunyuanVAE = "hunyuan_vae"
  /// The image autoencoder of Flux, frame by frame.
  case autoencoder2D = "autoencoder_2d"
  /// Video DC-AE.
  case dcAE = "dc_ae"

  /// The name of the published model.
  public var title: String {
    switch self {
    case .hunyuanVAE: "AutoencoderKLCausal3D"
    case .autoencoder2D: "Flux AutoEncoder"
    case .dcAE: "Video DC-AE"
    }
  }
}
