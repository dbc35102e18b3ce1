import Foundation

extension Report {
  /// What one model made of one clip.
  public struct Run: Codable, Sendable {
    /// Name of the model.
    public let model: String
    /// Name of the clip.
    public let clip: String
    /// Of the model's output before it is written as video.
    public let figures: ClipFigures
    /// Of the decoded video file.
    public var afterH264: ClipFigures?
    /// Of the two video files.
    public var vmaf: VMAFFigures?
    public var latents: LatentFigures?
    /// Size of the latent file.
    public let latentBytes: Int?
    /// Bits of the latent file for each pixel of the clip.
    public let bitsPerPixel: Double?
    /// Bytes of the clip in 8-bit RGB over bytes of the latent file.
    public let compression: Double?
    /// Seconds of encoding alone.
    public var encodeSeconds: Double?
    /// Seconds of decoding alone.
    public var decodeSeconds: Double?
    /// Path of the reconstruction's video from the report's folder, where there is one.
    public var video: String?
    /// For the page only.
    public var pictures: [Picture] = []

    private enum CodingKeys: String, CodingKey {
      case model, clip, figures, afterH264, vmaf, latents, latentBytes, bitsPerPixel, compression
      case encodeSeconds, decodeSeconds, video
    }

    public init(model: Model, clip: Clip, figures: ClipFigures, latentBytes: Int? = nil) {
      self.model = model.name
      self.clip = clip.name
      self.figures = figures
      self.latentBytes = latentBytes
      let pixels = Double(clip.frames * clip.width * clip.height)
      bitsPerPixel = latentBytes.map { Double($0) * 8 / pixels }
      compression = latentBytes.map { pixels * 3 / Double($0) }
    }
  }

  /// One frame of a clip, its reconstruction, and the difference of the two, as PNG files.
  public struct Picture: Codable, Sendable {
    /// What is special about the frame, such as "First frame".
    public let title: String
    /// Place in the clip, from 0.
    public let index: Int
    /// PSNR of the frame in dB.
    public let psnr: Double
    public let source: Data
    public let reconstruction: Data
    public let difference: Data
  }
}
