import Foundation
import Tensor

/// A tensor `[C, T, H, W]` that grows along T: kept on disk frame by frame beside the output, since
/// its place in the file is known only once its length is.
final class TensorSpool {
  let channels: Int
  let height: Int
  let width: Int
  let dtype: DType
  private(set) var frames = 0
  private let spool: UnfinishedFile
  private var file: File { spool.file }

  /// Bytes that are held at a time when the tensor is put in order.
  private static var blockSize: Int { 4 << 20 }

  /// An empty tensor; `output` is where its file will be.
  init(
    beside output: String, channels: Int, height: Int, width: Int, dtype: DType,
    in temporaries: TemporaryFiles
  ) throws {
    self.channels = channels
    self.height = height
    self.width = width
    self.dtype = dtype
    spool = try UnfinishedFile(beside: output, purpose: "spool", in: temporaries)
  }

  /// `[C, T, H, W]`.
  var shape: [Int] { [channels, frames, height, width] }
  var byteCount: Int { frames * frameBytes }

  private var planeBytes: Int { height * width * dtype.size }
  private var frameBytes: Int { channels * planeBytes }

  /// Appends `[C, n, H, W]`, rounded to the spool's element type.
  ///
  /// - Throws: ``CodecError`` where a value does not fit the type.
  func append(_ tensor: Tensor, named name: String) throws {
    let count = tensor.shape[1]
    let plane = height * width
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count * frameBytes, 1), alignment: 16)
    defer { bytes.deallocate() }
    tensor.withValues { values in
      for frame in 0..<count {
        for channel in 0..<channels {
          let from = (channel * count + frame) * plane
          let to = frame * frameBytes + channel * planeBytes
          dtype.encode(
            UnsafeBufferPointer(rebasing: values[from..<from + plane]),
            into: UnsafeMutableRawBufferPointer(rebasing: bytes[to..<to + planeBytes]))
        }
      }
    }
    let filled = UnsafeRawBufferPointer(rebasing: bytes[..<(count * frameBytes)])
    if let bad = dtype.firstNonFinite(in: filled) {
      let (frame, rest) = (bad / (channels * plane), bad % (channels * plane))
      throw CodecError(
        file.path,
        "\(name) at channel \(rest / plane), frame \(frames + frame) is too large for "
          + "\(dtype.rawValue); bf16 and f32 hold it")
    }
    try file.write(filled, at: frames * frameBytes)
    frames += count
  }

  /// Hands the tensor out in runs that are contiguous in row-major order, in the spool's element
  /// type: bytes, and the number of their first element. Every element comes once.
  ///
  /// - Parameter framesFirst: the order is that of `[T, C, H, W]`.
  func forEachRun(
    framesFirst: Bool = false, _ body: (UnsafeRawBufferPointer, _ first: Int) throws -> Void
  ) throws {
    let plane = height * width
    let blockFrames = max(1, Self.blockSize / max(frameBytes, 1))
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(blockFrames * frameBytes, 1), alignment: 16)
    let run = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(blockFrames * planeBytes, 1), alignment: 16)
    defer {
      block.deallocate()
      run.deallocate()
    }
    for first in stride(from: 0, to: frames, by: blockFrames) {
      let count = min(blockFrames, frames - first)
      try file.read(
        into: UnsafeMutableRawBufferPointer(rebasing: block[..<(count * frameBytes)]),
        at: first * frameBytes)
      if framesFirst {
        try body(
          UnsafeRawBufferPointer(rebasing: block[..<(count * frameBytes)]),
          first * channels * plane)
        continue
      }
      for channel in 0..<channels {
        for frame in 0..<count {
          let from = frame * frameBytes + channel * planeBytes
          let to = frame * planeBytes
          UnsafeMutableRawBufferPointer(rebasing: run[to..<to + planeBytes])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: block[from..<from + planeBytes]))
        }
        try body(
          UnsafeRawBufferPointer(rebasing: run[..<(count * planeBytes)]),
          (channel * frames + first) * plane)
      }
    }
  }
}
