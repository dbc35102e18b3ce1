import Foundation
import Media
import Models
import Tensor

/// Renders latents: latent file → MP4, PNG, tensor file or YUV4MPEG2 on standard output ("-").
public struct DecodeJob {
  private let models: ModelCache
  private let model: ModelReference?
  private let options: DecodeOptions
  private let session: Session

  /// - Parameter model: nil takes the embedded one; a latent file of another model is refused.
  public init(
    models: ModelCache = ModelCache(), model: ModelReference? = nil,
    options: DecodeOptions = DecodeOptions(), session: Session = Session()
  ) {
    self.models = models
    self.model = model
    self.options = options
    self.session = session
  }

  /// Decodes one file.
  ///
  /// - Throws: one line for people that names the file, whatever part it came from; ``Interrupted``.
  ///   Nothing is left behind then.
  public func run(_ input: String, to place: OutputPlace) throws -> DecodeResult {
    let start = ContinuousClock.now
    let file = try LatentFile(input, tensor: options.tensor)
    let model = try loadModel(for: file)
    return try naming(input) {
      try model.interruptible(by: session) { try decode(file, by: model, to: place, since: start) }
    }
  }

  private func decode(
    _ file: LatentFile, by model: LoadedModel, to place: OutputPlace,
    since start: ContinuousClock.Instant
  ) throws -> DecodeResult {
    let input = file.path
    let clip = try LatentClip(
      file, geometry: model.autoencoder.geometry, scaling: model.autoencoder.scaling, options,
      remark: session.remark)
    let path = name(place, frames: clip.frames)
    let recipe = try recipe(for: input, model: model)
    func result(bytes: Int, tile: Int? = nil, seconds: Double, isSkipped: Bool) -> DecodeResult {
      DecodeResult(
        input: input, output: path, model: model.identity, frames: clip.frames, width: clip.width,
        height: clip.height, fps: "\(clip.frameRate)", bytes: bytes, automaticTileSize: tile,
        seconds: seconds, isSkipped: isSkipped)
    }
    try AtomicFile.checkDistinct(path, from: input)
    if try isDone(path, recipe: recipe) {
      return result(bytes: try File(reading: path).size(), seconds: 0, isSkipped: true)
    }
    let folders = try place.makeFolder()
    defer { folders.removeEmpty() }
    if path != "-" { try AtomicFile.checkFolder(of: path) }

    let guarded = try MemoryGuard(model: model.autoencoder, path: input).tiles(
      options.tiles, width: clip.width, height: clip.height, frames: clip.frames, for: [.decoding],
      writers: 1)
    let decoder = try model.autoencoder.makeDecoder(
      latentWidth: clip.shape[3], latentHeight: clip.shape[2], width: clip.width,
      height: clip.height, frames: clip.frames, tiles: guarded.options)
    var writing = WriterOptions()
    writing.crf = options.crf
    writing.layout = clip.layout
    writing.audio = options.audio.map {
      AudioSource(path: $0, start: clip.startTime, isRequired: true)
    }
    let writer = try ClipWriter(
      path, width: clip.width, height: clip.height, frameCount: clip.frames,
      frameRate: clip.frameRate, options: writing, replacing: options.existing == .overwrite,
      session: session)
    let counter = ProgressCounter(input, total: clip.frames, session: session)
    let output = Transferred(writer)
    try withConsumer(
      capacity: queueCapacity(width: clip.width, height: clip.height), session: session,
      consume: { (frame: Tensor) in
        try output.value.write(frame)
        counter.report(output.value.frames)
      },
      { push in
        func pass(on parts: [Tensor]) throws {
          for video in parts {
            for frame in 0..<video.shape[1] { try push(video.slice(axis: 1, frame..<frame + 1)) }
          }
        }
        for range in clip.stretches { try pass(on: decoder.push(clip.latents(range))) }
        try pass(on: decoder.finish())
      })
    try writer.finish(recipe: recipe)
    for line in writer.warnings { session.remark(line) }
    try session.cancellation.check()
    return result(
      bytes: try writer.commit(), tile: guarded.automaticSize, seconds: start.elapsedSeconds,
      isSkipped: false)
  }

  /// The model the file asks for.
  private func loadModel(for file: LatentFile) throws -> LoadedModel {
    guard let made = file.info?.model else {
      if model == nil {
        session.remark("\(file.path): does not say which model made it; the embedded one is taken")
      }
      return try models.model(model ?? .tiny)
    }
    if model == nil, made.name != ModelReference.tiny.name {
      throw CodecError(file.path, "made by \(made); --model names its checkpoint")
    }
    let loaded = try models.model(model ?? .tiny)
    guard loaded.identity.sha256 == made.sha256 else {
      throw CodecError(file.path, "made by \(made), not by \(loaded.identity)")
    }
    return loaded
  }

  private func name(_ place: OutputPlace, frames: Int) -> String {
    switch place {
    case .file(let path): path
    case .base(let base): frames == 1 ? "\(base).png" : "\(base).mp4"
    }
  }

  private func recipe(for input: String, model: LoadedModel) throws -> String? {
    guard var recipe = try Recipe("decode", of: input, model: model) else { return nil }
    recipe.add("tensor", options.tensor ?? "")
    recipe.add("unscaled", options.isUnscaled)
    recipe.add("fps", options.frameRate?.description ?? "")
    recipe.add("size", options.size.map { "\($0.width)x\($0.height)" } ?? "")
    recipe.add("crf", options.crf)
    recipe.add("audio", try options.audio.map { try Digest.fingerprint(of: $0) ?? $0 } ?? "")
    recipe.add("tiles", options.tiles.options)
    return recipe.digest
  }

  /// Whether an earlier run made the same file.
  private func isDone(_ path: String, recipe: String?) throws -> Bool {
    guard path != "-", options.existing != .overwrite,
      FileManager.default.fileExists(atPath: path)
    else { return false }
    guard options.existing == .resume, let recipe else { throw AtomicFile.exists(path) }
    let found =
      try ClipWriter.Kind(path: path) == .tensor
      ? Stamp.read(safetensors: path) : Stamp.read(path)
    guard found == Stamp(recipe) else { throw Recipe.differs(path) }
    return true
  }
}
