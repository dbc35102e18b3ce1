#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What the system tells about this process's memory.
public enum ProcessMemory {
  /// Highest resident size so far in bytes (`ru_maxrss`).
  public static var highWaterMark: Int? {
    var usage = rusage()
    #if canImport(Darwin)
      guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
      return usage.ru_maxrss
    #else
      guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
      return usage.ru_maxrss << 10
    #endif
  }
}
