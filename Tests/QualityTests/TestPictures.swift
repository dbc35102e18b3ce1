import Media

/// The source and its reconstruction that Reference/reference.py makes for frame `t`.
func pictures(width: Int, height: Int, t: Int) -> (source: RGBFrame, reconstruction: RGBFrame) {
  var source: [UInt8] = []
  var reconstruction: [UInt8] = []
  for c in 0..<3 {
    for y in 0..<height {
      for x in 0..<width {
        let value = (3 * x + 5 * y + 40 * c + 7 * t + ((x * y) >> 3)) & 255
        let noise = (7 * x + 13 * y + 5 * t + 3 * c) % 17 - 8
        source.append(UInt8(value))
        reconstruction.append(UInt8(min(max(value + (t + 1) * noise, 0), 255)))
      }
    }
  }
  return (
    frame(width: width, height: height, source),
    frame(width: width, height: height, reconstruction)
  )
}

/// An 8-bit frame of planes R, G, B.
func frame(width: Int, height: Int, _ bytes: [UInt8]) -> RGBFrame {
  RGBFrame(width: width, height: height, samples: .eight(bytes))
}

/// An 8-bit frame of one value.
func flat(width: Int, height: Int, _ value: UInt8) -> RGBFrame {
  frame(width: width, height: height, Array(repeating: value, count: 3 * width * height))
}
