#if ONEDNN
  internal import COneDNN
  import Foundation

  /// oneDNN's float32 matrix product, called from several threads at a time.
  enum OneDNNProduct {
    /// Keeps oneDNN from starting threads of its own in the calling thread: each would bring a
    /// whole OpenMP team. Does nothing where oneDNN was built without OpenMP.
    static let prepareThread: @Sendable () -> Void = {
      guard let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "omp_set_num_threads")
      else { return }
      unsafeBitCast(symbol, to: (@convention(c) (CInt) -> Void).self)(1)
    }

    /// `out = a · b`, all row-major, rows `step` values apart.
    ///
    /// Calls `dnnl_sgemm`. The same sizes give the same bits on one CPU.
    static func multiply(
      rows: Int, columns: Int, depth: Int, _ a: UnsafePointer<Float>, step aStep: Int,
      _ b: UnsafePointer<Float>, step bStep: Int, into out: UnsafeMutablePointer<Float>,
      step outStep: Int
    ) {
      let plain = CChar(UInt8(ascii: "N"))
      let status = dnnl_sgemm(
        plain, plain, dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(depth), 1, a,
        dnnl_dim_t(aStep), b, dnnl_dim_t(bStep), 0, out, dnnl_dim_t(outStep))
      precondition(status == dnnl_success, "dnnl_sgemm refuses \(rows)x\(depth)x\(columns)")
    }
  }
#endif
