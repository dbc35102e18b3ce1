import Media

/// Reads `reader` on a thread of its own while `body` takes its frames; both have ended when this
/// returns, and the first error of either is thrown.
func withFrames<Result>(
  of reader: ClipReader, session: Session,
  _ body: (_ next: () throws -> ClipReader.Frame?) throws -> Result
) throws -> Result {
  let queue = BoundedQueue<ClipReader.Frame>(
    capacity: queueCapacity(width: reader.width, height: reader.height),
    cancellation: session.cancellation)
  let source = Transferred(reader)
  let stage = Stage("vaecodec.read") {
    do {
      while let frame = try source.value.next() { try queue.push(frame) }
      queue.finish()
    } catch {
      queue.fail(error)
    }
  }
  defer { try? stage.join() }
  do {
    return try body(queue.pop)
  } catch {
    queue.fail(error)
    throw error
  }
}

/// Hands what `body` makes to `consume` on a thread of its own; both have ended when this returns,
/// and the first error of either is thrown.
func withConsumer<Element: Sendable, Result>(
  capacity: Int, session: Session, consume: @escaping @Sendable (Element) throws -> Void,
  _ body: (_ push: (Element) throws -> Void) throws -> Result
) throws -> Result {
  let queue = BoundedQueue<Element>(capacity: capacity, cancellation: session.cancellation)
  let stage = Stage("vaecodec.write") {
    do {
      while let element = try queue.pop() { try consume(element) }
    } catch {
      queue.fail(error)
      throw error
    }
  }
  do {
    let result = try body(queue.push)
    queue.finish()
    try stage.join()
    return result
  } catch {
    queue.fail(error)
    try? stage.join()
    throw error
  }
}

/// Frames that may wait between two stages: those of a tile, which come and go at once, and some to
/// overlap the stages, but at most 64 MiB of 16-bit ones.
func queueCapacity(width: Int, height: Int) -> Int {
  min(64, max(2, (64 << 20) / max(1, 6 * width * height)))
}

/// Bytes that the frames waiting between stages take at most: decoded ones are float32.
func queueBytes(width: Int, height: Int) -> Int {
  queueCapacity(width: width, height: height) * 12 * width * height
}

/// Tells a session how far a clip is.
struct ProgressCounter {
  private let item: String
  private let total: Int?
  private let session: Session

  init(_ item: String, total: Int?, session: Session) {
    self.item = item
    self.total = total
    self.session = session
    report(0)
  }

  func report(_ done: Int) {
    session.report(Progress(item: item, done: done, total: total))
  }
}

extension ContinuousClock.Instant {
  /// Seconds since this moment.
  var elapsedSeconds: Double {
    let elapsed = duration(to: .now).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
  }
}
