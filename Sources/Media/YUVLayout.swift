/// How YUV samples are laid out and meant: what YUV4MPEG2 headers say, minus the size and rate.
public struct YUVLayout: Hashable, Sendable {
  /// Chroma planes relative to luma.
  public enum Subsampling: String, Sendable, CaseIterable {
    case s420 = "420"
    case s422 = "422"
    case s444 = "444"
  }

  /// Where 4:2:0 chroma lies relative to luma.
  public enum Siting: String, Sendable, CaseIterable {
    /// Between two rows, on even columns: MPEG-2, H.264's default.
    case left = "mpeg2"
    /// In the middle of four luma samples: JPEG, MPEG-1.
    case center = "jpeg"
    /// On the even rows and columns: BT.2020, DV's luma sites.
    case topLeft = "paldv"
  }

  public var subsampling: Subsampling
  public var siting: Siting
  /// 8 or 10.
  public var bitDepth: Int
  public var fullRange: Bool

  public init(
    _ subsampling: Subsampling = .s420, siting: Siting = .left, bitDepth: Int = 8,
    fullRange: Bool = false
  ) {
    self.subsampling = subsampling
    self.siting = siting
    self.bitDepth = bitDepth
    self.fullRange = fullRange
  }

  /// Reads what ``description`` writes.
  public init?(_ text: String) {
    let all = Subsampling.allCases.flatMap { subsampling in
      Siting.allCases.flatMap { siting in
        [8, 10].flatMap { depth in
          [false, true].map {
            YUVLayout(subsampling, siting: siting, bitDepth: depth, fullRange: $0)
          }
        }
      }
    }
    guard let found = all.first(where: { $0.description == text }) else { return nil }
    self = found
  }
}

extension YUVLayout: CustomStringConvertible {
  /// For example "420 mpeg2 8 limited".
  public var description: String {
    "\(subsampling.rawValue) \(siting.rawValue) \(bitDepth) \(fullRange ? "full" : "limited")"
  }
}
