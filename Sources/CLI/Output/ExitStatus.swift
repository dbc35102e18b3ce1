/// What the program's exit codes mean; thrown to end a command with one.
enum ExitStatus: Error {
  /// The only input, or every input, failed.
  case failed
  /// A clip fell below `--min-psnr` or `--min-ssim`.
  case belowGate
  /// Some inputs failed, others are done.
  case someFailed
  /// Stopped by SIGINT (Ctrl-C).
  case interrupted
  /// Stopped by SIGTERM.
  case terminated

  var code: Int32 {
    switch self {
    case .failed: 1
    case .belowGate: 2
    case .someFailed: 3
    case .interrupted: 130
    case .terminated: 143
    }
  }
}
