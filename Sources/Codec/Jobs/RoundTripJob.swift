import Foundation
import Media
import Models
import Tensor

/// Encodes and decodes clips and shows every frame beside its reconstruction.
///
/// Writes `DIR/orig/NAME_orig.mp4`, `DIR/recn/NAME_recn.mp4` (both with the source's sound; `.png`
/// for a picture) and the figures, `DIR/figures/NAME.json`.
public struct RoundTripJob {
  private let model: LoadedModel
  private let options: RoundTripOptions
  private let session: Session

  public init(
    model: LoadedModel, options: RoundTripOptions = RoundTripOptions(), session: Session = Session()
  ) {
    self.model = model
    self.options = options
    self.session = session
  }

  /// Takes one clip there and back.
  ///
  /// - Parameters:
  ///   - name: the path below `folder`, without extension, of the results (``OutputNames``).
  ///   - folder: DIR; it is made where it is missing.
  ///   - observer: makes whatever looks at the frames; called on the thread that will use it.
  /// - Throws: one line for people that names the file, whatever part it came from; ``Interrupted``.
  ///   Nothing is left behind then.
  public func run(
    _ input: String, name: String, in folder: String,
    observer: @escaping @Sendable () throws -> any RoundTripObserver
  ) throws -> RoundTripResult {
    try naming(input) {
      try model.interruptible(by: session) {
        try roundTrip(input, name: name, in: folder, observer: observer)
      }
    }
  }

  private func roundTrip(
    _ input: String, name: String, in folder: String,
    observer: @escaping @Sendable () throws -> any RoundTripObserver
  ) throws -> RoundTripResult {
    let start = ContinuousClock.now
    guard options.posterior != .moments else {
      throw CodecError(input, "moments cannot be decoded; use posterior mode or sample")
    }
    let reader = try ClipReader(input, options: options.reader)
    let files = RoundTripFiles(name, in: folder, isPicture: reader.isImage)
    let recipe = try recipe(for: input)
    if let earlier = try existing(files, input: input, recipe: recipe) { return earlier }
    let guarded = try MemoryGuard(model: model.autoencoder, path: input).tiles(
      options.tiles, width: reader.width, height: reader.height, frames: reader.expectedFrames,
      for: [.encoding, .decoding], readers: 1, writers: 2)
    let folders = try OutputFolders(of: files.all)
    defer { folders.removeEmpty() }

    let recorder = Transferred(
      RoundTripRecorder(files, of: input, options: options, session: session))
    let counter = ProgressCounter(input, total: reader.expectedFrames, session: session)
    var latents: [Int] = []
    var frames = 0
    try withFrames(of: reader, session: session) { next in
      // The first frame settles where sound begins.
      let first = try next()
      let clip = RoundTripRecorder.Clip(
        width: reader.width, height: reader.height, frameRate: reader.frameRate,
        sound: reader.hasSound && !reader.isImage
          ? AudioSource(path: input, start: reader.startTime) : nil)
      try withConsumer(
        capacity: queueCapacity(width: reader.width, height: reader.height), session: session,
        consume: { (event: RoundTripRecorder.Event) in
          let done = try recorder.value.take(event, clip: clip, observer: observer)
          counter.report(done)
        },
        { push in
          (frames, latents) = try circle(
            reader, first: first, next: next, tiles: guarded.options, recipe: recipe, push: push)
          try push(.end(recipe: recipe))
        })
    }
    for line in reader.warnings + recorder.value.warnings { session.remark(line) }
    let bytes = latents.reduce(1, *) * options.dtype.size
    var result = RoundTripResult(
      input: input, original: files.original, reconstruction: files.reconstruction,
      model: model.identity, frames: frames, width: reader.width, height: reader.height,
      fps: "\(reader.frameRate)", latents: latents, dtype: options.dtype.rawValue,
      latentBytes: bytes,
      compression: compression(frames, reader.width, reader.height, bytes: bytes),
      lostFrames: reader.lostFrames, automaticTileSize: guarded.automaticSize,
      seconds: start.elapsedSeconds, isSkipped: false, figures: recorder.value.figures)
    try session.cancellation.check()
    try recorder.value.commit(result, recipe: recipe)
    result.seconds = start.elapsedSeconds
    return result
  }

  /// Encodes and decodes all frames.
  ///
  /// - Returns: their number and the shape of the latents.
  private func circle(
    _ reader: ClipReader, first: ClipReader.Frame?, next: () throws -> ClipReader.Frame?,
    tiles: TileOptions, recipe: String?, push: (RoundTripRecorder.Event) throws -> Void
  ) throws -> (frames: Int, latents: [Int]) {
    let autoencoder = model.autoencoder
    let geometry = autoencoder.geometry
    let (height, width) = (
      geometry.paddedSide(for: reader.height) / geometry.space,
      geometry.paddedSide(for: reader.width) / geometry.space
    )
    let encoder = try autoencoder.makeEncoder(
      width: reader.width, height: reader.height, tiles: tiles)
    let decoder = try autoencoder.makeDecoder(
      latentWidth: width, latentHeight: height, width: reader.width, height: reader.height,
      tiles: tiles)
    var sources: [RGBFrame] = []
    var latentFrames = 0

    func compare(_ parts: [Tensor]) throws {
      for video in parts {
        for frame in 0..<video.shape[1] where !sources.isEmpty {
          let source = sources.removeFirst()
          let decoded = RGBFrame(video, frame: frame, index: source.index)
          try push(.pair(source: source, reconstruction: decoded))
        }
      }
    }
    func decode(_ parts: [Posterior]) throws {
      for part in parts {
        latentFrames += part.mean.shape[1]
        try push(.latents(mean: part.mean, logvar: part.logvar))
        let rounded = autoencoder.scaling.toDiffusion(part.values(options.posterior))
          .rounded(to: options.dtype)
        if rounded.firstNonFinite != nil {
          throw CodecError(
            reader.path,
            "latents are too large for \(options.dtype.rawValue); bf16 and f32 hold them")
        }
        try compare(decoder.push(autoencoder.scaling.fromDiffusion(rounded)))
      }
    }

    var frame = first
    while let current = frame {
      let source = current.picture(index: encoder.frameCount)
      sources.append(source)
      try push(.source(source))
      try decode(encoder.push(current.tensor))
      frame = try next()
    }
    if encoder.frameCount > 0 { try push(.sourcesEnd(recipe: recipe)) }
    try decode(encoder.finish())
    // Frames of padding come after the last source frame and find none to be compared with.
    try compare(decoder.finish())
    return (encoder.frameCount, [geometry.latentChannels, latentFrames, height, width])
  }

  private func recipe(for input: String) throws -> String? {
    var recipe = try Recipe("roundtrip", of: input, model: model)
    recipe?.add(options.reader, options.posterior, options.dtype, options.tiles)
    recipe?.add("crf", options.crf)
    recipe?.add("measured", options.measured)
    return recipe?.digest
  }

  /// The result of an earlier run, or nil where the files have to be made.
  private func existing(
    _ files: RoundTripFiles, input: String, recipe: String?
  ) throws -> RoundTripResult? {
    let present = files.all.filter { FileManager.default.fileExists(atPath: $0) }
    guard options.existing != .overwrite, let first = present.first else { return nil }
    guard options.existing == .resume, let recipe else { throw AtomicFile.exists(first) }
    for path in [files.original, files.reconstruction]
    where present.contains(path) && Stamp.read(path) != Stamp(recipe) {
      throw Recipe.differs(path)
    }
    guard present.contains(files.figures) else { return nil }
    guard let record = RoundTripRecord.read(files.figures), record.recipe == recipe else {
      throw Recipe.differs(files.figures)
    }
    guard present.count == files.all.count else { return nil }
    var result = record.result
    (result.input, result.original, result.reconstruction) = (
      input, files.original, files.reconstruction
    )
    (result.seconds, result.isSkipped) = (0, true)
    return result
  }
}

extension Tensor {
  /// Every value rounded to what `dtype` holds.
  func rounded(to dtype: DType) -> Tensor {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, count * dtype.size), alignment: 64)
    defer { bytes.deallocate() }
    let filled = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * dtype.size)])
    withValues { dtype.encode($0, into: filled) }
    return Tensor(shape, dtype, bytes: UnsafeRawBufferPointer(filled))
  }
}
