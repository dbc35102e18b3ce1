import Checkpoint
import NN
import Tensor
import Testing

/// Numbers that look random and are the same everywhere (SplitMix64).
struct Random {
  private var state: UInt64

  init(_ seed: UInt64) {
    state = seed
  }

  /// Next value, in [-1, 1).
  mutating func next() -> Float {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return Float(Int32(truncatingIfNeeded: z >> 32)) / 2_147_483_648
  }

  mutating func tensor(_ shape: [Int], scale: Float = 1, offset: Float = 0) -> Tensor {
    Tensor(shape) { for i in $0.indices { $0[i] = next() * scale + offset } }
  }
}

/// A scope that hands out `values` by name.
func scope(_ values: [String: Tensor]) -> WeightScope {
  WeightLoader(values.map { TensorEntry($0, $1) }, source: "test").root
}

/// A context for tests.
func context(
  _ engine: EngineKind, _ precision: Precision = .f32, threads: Int = 2,
  vectors: VectorUnit? = nil
) throws -> ComputeContext {
  try ComputeContext(
    engine: engine, precision: precision, threads: threads, memory: 1 << 30, vectors: vectors)
}

/// How far `a` is from `b`, relative to the size of `b`.
func relativeError(_ a: Tensor, _ b: Tensor) -> Double {
  guard a.shape == b.shape else { return .infinity }
  let pairs = zip(a.values, b.values).map { (Double($0), Double($1)) }
  let difference = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let size = pairs.reduce(0) { $0 + $1.1 * $1.1 }
  return (difference / max(size, 1e-30)).squareRoot()
}

/// Largest relative error that float32 arithmetic, or bfloat16 storage, explains.
func tolerance(_ precision: Precision) -> Double {
  precision == .f32 ? 1e-5 : 2e-2
}

/// The engines and storage types that every layer is tested with.
let variants: [(EngineKind, Precision)] = EngineKind.available.flatMap { engine in
  Precision.allCases.map { (engine, $0) }
}

/// `x` as the storage keeps it, so that references start from the same numbers.
func stored(_ x: Tensor, _ precision: Precision) -> Tensor {
  guard precision == .bf16 else { return x }
  return Tensor(x.shape, x.values.map { Float(bitPattern: rounded($0.bitPattern)) })
}

private func rounded(_ bits: UInt32) -> UInt32 {
  (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000
}
