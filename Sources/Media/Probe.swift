/// Reads what a video or image file says about itself, decoding next to nothing.
///
/// - Throws: ``MediaError`` when there is no such file or it holds no video.
public func probe(_ path: String) throws -> VideoInfo {
  if Y4MSource.recognizes(path) {
    return try Y4MSource(path: path, options: ReaderOptions()).info
  }
  let demuxer = try Demuxer(path: path)
  return try VideoStream.info(demuxer.videoStream(), of: demuxer)
}
