import Foundation

/// Peak signal-to-noise ratio of 8-bit values in dB, at most 100 (equal pictures have no noise).
func peakSignalToNoise(meanSquaredError: Double) -> Double {
  meanSquaredError == 0 ? 100 : min(10 * log10(255 * 255 / meanSquaredError), 100)
}
