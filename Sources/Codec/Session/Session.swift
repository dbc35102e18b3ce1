/// What all work of one run of a program shares: how to stop it, what it leaves unfinished, and
/// whom it tells how far it is.
public final class Session: Sendable {
  public let cancellation = Cancellation()
  public let temporaries: TemporaryFiles
  let report: @Sendable (Progress) -> Void
  let remark: @Sendable (String) -> Void

  /// - Parameters:
  ///   - progress: called from working threads after every few frames.
  ///   - note: called from working threads with a line people should know: sound left out, a rate
  ///     assumed, damaged frames skipped.
  public convenience init(
    progress: @escaping @Sendable (Progress) -> Void = { _ in },
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.init(progress: progress, note: note, temporaries: TemporaryFiles())
  }

  init(
    progress: @escaping @Sendable (Progress) -> Void = { _ in },
    note: @escaping @Sendable (String) -> Void = { _ in }, temporaries: TemporaryFiles
  ) {
    report = progress
    remark = note
    self.temporaries = temporaries
  }
}

/// How far one clip is.
public struct Progress: Hashable, Sendable {
  /// The clip, as the caller named it.
  public let item: String
  /// Frames that are through.
  public let done: Int
  /// Frames to come in all; nil where the source does not say.
  public let total: Int?
}
