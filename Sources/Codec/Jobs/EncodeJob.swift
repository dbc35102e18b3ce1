import Foundation
import Media
import Models
import Tensor

/// Where a result goes.
public enum OutputPlace: Hashable, Sendable {
  /// Under this name exactly, in a folder that exists; "-" is standard output.
  case file(String)
  /// Under this path plus the extension that the result asks for; its folder is made.
  case base(String)

  /// Makes the folder where it is to be made.
  func makeFolder() throws -> OutputFolders {
    switch self {
    case .file: try OutputFolders(of: [])
    case .base(let base): try OutputFolders(of: [base])
    }
  }
}

/// Encodes clips: video, picture, YUV4MPEG2 stream ("-") or tensor file → latent file.
public struct EncodeJob {
  private let model: LoadedModel
  private let options: EncodeOptions
  private let session: Session

  public init(
    model: LoadedModel, options: EncodeOptions = EncodeOptions(), session: Session = Session()
  ) {
    self.model = model
    self.options = options
    self.session = session
  }

  /// Encodes one clip.
  ///
  /// - Throws: one line for people that names the file, whatever part it came from; ``Interrupted``.
  ///   Nothing is left behind then.
  public func run(_ input: String, to place: OutputPlace) throws -> EncodeResult {
    try naming(input) {
      try model.interruptible(by: session) { try encode(input, to: place) }
    }
  }

  private func encode(_ input: String, to place: OutputPlace) throws -> EncodeResult {
    let start = ContinuousClock.now
    try checkOptions()
    guard place != .file("-") else {
      throw CodecError("-", "a latent file is not written to standard output; name a file")
    }
    let reader = try ClipReader(input, options: options.reader)
    let recipe = try recipe(for: input)
    let planned = name(place, clip: reader, frames: reader.expectedFrames)
    if let planned { try AtomicFile.checkDistinct(planned, from: input) }
    if let planned, let result = try existing(planned, input: input, recipe: recipe) {
      return result
    }
    let folders = try place.makeFolder()
    defer { folders.removeEmpty() }
    let target = planned ?? outputBeside(place)
    try AtomicFile.checkFolder(of: target)

    let guarded = try MemoryGuard(model: model.autoencoder, path: input).tiles(
      options.tiles, width: reader.width, height: reader.height, frames: reader.expectedFrames,
      for: [.encoding], readers: 1)
    let encoder = try model.autoencoder.makeEncoder(
      width: reader.width, height: reader.height, tiles: guarded.options)
    let sink = try LatentSink(
      options, model: model, clip: (reader.width, reader.height), beside: target, session: session)
    let counter = ProgressCounter(input, total: reader.expectedFrames, session: session)
    let geometry = model.autoencoder.geometry
    try withFrames(of: reader, session: session) { next in
      var finished = 0
      func take(_ parts: [Posterior]) throws {
        for part in parts {
          try sink.append(part)
          finished += part.mean.shape[1]
          counter.report(min(geometry.decodedFrames(for: finished), encoder.frameCount))
        }
      }
      while let frame = try next() { try take(encoder.push(frame.tensor)) }
      try take(encoder.finish())
    }
    for line in reader.warnings { session.remark(line) }
    remarkOnName(place)

    let frames = encoder.frameCount
    let tiling = try model.autoencoder.tileGeometry(guarded.options)
    let info = LatentInfo(
      model: model.identity, scaling: model.autoencoder.scaling,
      isScaled: options.posterior != .moments && options.format.isScaled,
      posterior: options.posterior, frameRate: reader.frameRate, startTime: reader.startTime,
      layout: reader.layout,
      clip: (frames, reader.width, reader.height), geometry: geometry, tiles: tiling,
      recipe: recipe)
    let path = name(place, clip: reader, frames: frames) ?? target
    let bytes = try sink.finish(info, path: path)
    return EncodeResult(
      input: input, output: path, model: model.identity, frames: frames, width: reader.width,
      height: reader.height, fps: "\(reader.frameRate)", latents: sink.shape,
      dtype: options.dtype.rawValue, posterior: options.posterior.name, bytes: bytes,
      compression: compression(frames, reader.width, reader.height, bytes: bytes),
      lostFrames: reader.lostFrames, automaticTileSize: guarded.automaticSize,
      seconds: start.elapsedSeconds, isSkipped: false)
  }

  private func checkOptions() throws {
    guard options.posterior == .mode || model.autoencoder.configuration.hasMoments else {
      throw CodecError(
        model.identity.name,
        "\(model.identity.family) is deterministic: its only posterior is mode")
    }
    guard options.posterior != .moments || options.format == .vaecodec else {
      throw CodecError(
        options.format.rawValue, "this format holds no moments; use posterior mode or sample")
    }
    guard [.f16, .bf16, .f32].contains(options.dtype) else {
      throw CodecError(options.dtype.rawValue, "latents are f16, bf16 or f32")
    }
  }

  /// The output's name, where the number of frames suffices to tell it.
  private func name(_ place: OutputPlace, clip: ClipReader, frames: Int?) -> String? {
    switch place {
    case .file(let path): return path
    case .base(let base):
      guard let frames else {
        return options.format == .musubi
          ? nil : options.format.fileName(stem: base, frames: 1, width: 1, height: 1)
      }
      return options.format.fileName(
        stem: base, frames: model.autoencoder.geometry.paddedFrames(for: frames),
        width: clip.width, height: clip.height)
    }
  }

  /// musubi-tuner reads frames and size out of its files' names.
  private func remarkOnName(_ place: OutputPlace) {
    guard options.format == .musubi, case .file(let path) = place,
      path.fileName.wholeMatch(
        of: /.+_([0-9]{5}-[0-9]{3,}_)?[0-9]{4,}x[0-9]{4,}_hv\.safetensors/) == nil
    else { return }
    session.remark(
      "\(path): musubi-tuner finds caches by names as NAME_00000-FFF_WWWWxHHHH_hv.safetensors only")
  }

  private func outputBeside(_ place: OutputPlace) -> String {
    switch place {
    case .file(let path), .base(let path): path
    }
  }

  private func recipe(for input: String) throws -> String? {
    var recipe = try Recipe("encode", of: input, model: model)
    recipe?.add(options.reader, options.posterior, options.dtype, options.tiles)
    recipe?.add("format", options.format)
    return recipe?.digest
  }

  /// The result of an earlier run, or nil where the file has to be made.
  private func existing(
    _ path: String, input: String, recipe: String?
  ) throws -> EncodeResult? {
    guard options.existing != .overwrite, FileManager.default.fileExists(atPath: path) else {
      return nil
    }
    guard options.existing == .resume, options.format == .vaecodec, let recipe else {
      throw AtomicFile.exists(path)
    }
    guard let file = try? LatentFile(path), let info = file.info, info.recipe == recipe else {
      throw Recipe.differs(path)
    }
    let bytes = try File(reading: path).size()
    return EncodeResult(
      input: input, output: path, model: info.model, frames: info.frames, width: info.width,
      height: info.height, fps: "\(info.frameRate)", latents: file.tensor.shape,
      dtype: file.tensor.dtype.rawValue, posterior: info.posterior.name, bytes: bytes,
      compression: compression(info.frames, info.width, info.height, bytes: bytes),
      lostFrames: 0, automaticTileSize: nil, seconds: 0, isSkipped: true)
  }
}

/// Bytes of 8-bit RGB frames for each byte of latents.
func compression(_ frames: Int, _ width: Int, _ height: Int, bytes: Int) -> Double {
  Double(3 * frames * width * height) / Double(max(bytes, 1))
}
