import ArgumentParser
import Media
import NN

// How the values of options are spelled on the command line.

extension Precision: ExpressibleByArgument {}

extension FrameSize: ExpressibleByArgument {
  /// "640x480".
  public init?(argument: String) {
    self.init(argument)
  }
}

extension Rational: ExpressibleByArgument {
  /// "24", "23.976" or "24000/1001".
  public init?(argument: String) {
    self.init(argument)
  }
}

/// A frame rate above zero; "23.976", "29.97" and the like mean the exact NTSC fractions.
struct FrameRate: ExpressibleByArgument {
  let value: Rational

  init?(argument: String) {
    guard let value = Rational.frameRate(argument) else { return nil }
    self.value = value
  }
}
