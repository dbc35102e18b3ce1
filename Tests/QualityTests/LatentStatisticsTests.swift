import Foundation
import Quality
import Tensor
import Testing

@Suite struct LatentStatisticsTests {
  @Test func chunksGiveTheWholesFigures() throws {
    var statistics = LatentStatistics()
    #expect(statistics.figures == nil)
    statistics.add(Tensor([2, 1, 1, 2], [1, 2, 1000, 1001]))
    statistics.add(Tensor([2, 2, 1, 1], [3, 6, 1002, 1005]))
    let figures = try #require(statistics.figures)
    #expect(figures.count == 8)
    #expect(figures.channels.map(\.mean) == [3, 1002])
    for channel in figures.channels {
      #expect(abs(channel.standardDeviation - sqrt(3.5)) < 1e-12)
    }
    #expect(figures.channels.map(\.minimum) == [1, 1000])
    #expect(figures.channels.map(\.maximum) == [6, 1005])
    #expect(figures.overall.mean == 502.5)
    #expect(abs(figures.overall.standardDeviation - sqrt(3.5 + 499.5 * 499.5)) < 1e-9)
    #expect(figures.divergence == nil)
    #expect(figures.summary == "Mean: 502.5000, std: 499.5035")
  }

  @Test func divergenceFromTheStandardNormal() throws {
    var statistics = LatentStatistics()
    let mean = Tensor([1, 1, 1, 2], [0, 2])
    statistics.add(mean)
    statistics.addDivergence(mean: mean, logVariance: Tensor([1, 1, 1, 2], [0, 1]))
    let expected = 0.5 * (4 + exp(1.0) - 1 - 1) / 2
    #expect(abs(try #require(statistics.figures?.divergence) - expected) < 1e-9)
  }
}
