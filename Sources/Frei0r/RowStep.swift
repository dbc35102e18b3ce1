import CFrei0r

/// Bytes from one row of a picture to the next, as the host lays pictures out.
///
/// A picture of the interface has rows without gaps. libavfilter 8.33 to 8.49, that is FFmpeg 5.1,
/// pads them to whole groups of 16 pixels all the same and tells nobody; FFmpeg 6.0 and newer do not.
enum RowStep {
  /// The step of pictures of `width` pixels.
  ///
  /// - Parameter libavfilter: the version of the libavfilter that is the host, as
  ///   `avfilter_version` gives it; nil for any other host.
  static func bytes(width: Int, libavfilter version: UInt32?) -> Int {
    guard let version, padding.contains(version >> 8) else { return 4 * width }
    return 4 * ((width + 15) / 16 * 16)
  }

  /// What to tell the user where the step cannot be known: libavfilter before 8.33 hands out
  /// pictures with whatever rows they happen to have.
  static func warning(width: Int, libavfilter version: UInt32?) -> String? {
    guard let version, version >> 8 < padding.lowerBound, width % 16 != 0 else { return nil }
    return
      "FFmpeg before 5.1 does not say how it pads rows of \(width) pixels; the picture is right "
      + "only where it does not, as with widths that are multiples of 16"
  }

  /// Versions that pad, without their last part.
  private static let padding: Range<UInt32> = 8 << 8 | 33..<8 << 8 | 50

  /// The version of the libavfilter whose code is calling this library at the moment; nil where
  /// something else is. That a process has libavfilter is not enough: other hosts have it, too.
  static func callingLibavfilter() -> UInt32? {
    guard let function = frei0r_find_symbol("avfilter_version"),
      let host = library(of: function), host == caller()
    else { return nil }
    typealias Version = @convention(c) () -> UInt32
    return unsafeBitCast(function, to: Version.self)()
  }

  /// Where the library of the nearest calling function outside this one begins in memory.
  private static func caller() -> UnsafeMutableRawPointer? {
    let own = library(of: #dsohandle)
    var addresses = [UnsafeMutableRawPointer?](repeating: nil, count: 16)
    let count = Int(frei0r_return_addresses(&addresses, Int32(addresses.count)))
    return addresses.prefix(count).lazy.compactMap { $0.flatMap { library(of: $0) } }
      .first { $0 != own }
  }

  private static func library(of address: UnsafeRawPointer) -> UnsafeMutableRawPointer? {
    var library = frei0r_library_t()
    return frei0r_find_library(address, &library) != 0 ? library.base : nil
  }
}
