internal import CKernels

/// The implementations of the compute layer.
public enum EngineKind: String, Sendable, CaseIterable {
  /// Portable vector code, always there.
  case plain
  /// oneDNN's matrix products and convolutions, where the library was found at build time.
  case onednn

  /// The kinds that this build has.
  public static var available: [EngineKind] {
    #if ONEDNN
      [.plain, .onednn]
    #else
      [.plain]
    #endif
  }

  /// The fastest kind that this build has.
  public static var best: EngineKind { available[available.count - 1] }

  /// Makes an engine; throws where this build has none of the kind.
  /// - Parameter vectors: the best vector unit that the fast engine may use; nil is the CPU's best.
  func makeEngine(vectors: VectorUnit? = nil) throws -> any Engine {
    switch self {
    case .plain: return PlainEngine()
    case .onednn:
      #if ONEDNN
        return FastEngine(level: vectors?.level ?? fast_best_level())
      #else
        throw ComputeError(
          "engine onednn: this build has no oneDNN; use engine plain, or build with libdnnl-dev")
      #endif
    }
  }
}
