import Testing

@testable import Frei0r

/// How hosts lay out the rows of their pictures.
@Suite struct RowStepTests {
  private func version(_ major: UInt32, _ minor: UInt32) -> UInt32 {
    major << 16 | minor << 8 | 100
  }

  @Test func rowsHaveNoGapsByTheInterface() {
    for width in [1, 7, 16, 33, 80] {
      #expect(RowStep.bytes(width: width, libavfilter: nil) == 4 * width)
      #expect(RowStep.warning(width: width, libavfilter: nil) == nil)
      // FFmpeg 6.0 and 7.1
      for version in [version(9, 3), version(10, 4)] {
        #expect(RowStep.bytes(width: width, libavfilter: version) == 4 * width)
        #expect(RowStep.warning(width: width, libavfilter: version) == nil)
      }
    }
  }

  @Test(arguments: [(1, 64), (16, 64), (17, 128), (33, 192), (50, 256), (80, 320), (81, 384)])
  func ffmpeg51PadsRows(width: Int, bytes: Int) {
    #expect(RowStep.bytes(width: width, libavfilter: version(8, 44)) == bytes)
    #expect(RowStep.warning(width: width, libavfilter: version(8, 44)) == nil)
  }

  @Test func olderOnesCannotBeKnown() {
    // FFmpeg 4.4 and 5.0
    for version in [version(7, 110), version(8, 24)] {
      #expect(RowStep.warning(width: 33, libavfilter: version)?.contains("33 pixels") == true)
      #expect(RowStep.warning(width: 64, libavfilter: version) == nil)
    }
  }

  /// These tests are no libavfilter.
  @Test func otherHostsAreTold() {
    #expect(RowStep.callingLibavfilter() == nil)
  }
}
