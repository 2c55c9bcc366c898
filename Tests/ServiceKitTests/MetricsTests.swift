import Testing

@testable import ServiceKit

@Suite struct MetricsTests {
  @Test func theTextFormat() {
    let metrics = Metrics()
    let records = metrics.counter("laurel_records_total", help: "Records read.", labels: ["topic": "billing", "partition": "3"])
    records.add(2)
    records.add()
    records.add(-5)
    metrics.counter("laurel_records_total", help: "Records read.", labels: ["partition": "1", "topic": "a\"b\\c\nd"]).add(7)
    metrics.gauge("laurel_lag_records", help: "Behind by,\nwith \\ and \"quotes\".").set(2.5)
    let times = metrics.histogram(
      "laurel_batch_seconds", help: "Time of a batch.", labels: ["stage": "x"], buckets: [1, 0.1, .infinity])
    times.observe(0.1)
    times.observe(.milliseconds(500))
    times.observe(3.0)
    #expect(
      metrics.text == #"""
        # HELP laurel_batch_seconds Time of a batch.
        # TYPE laurel_batch_seconds histogram
        laurel_batch_seconds_bucket{stage="x",le="0.1"} 1
        laurel_batch_seconds_bucket{stage="x",le="1"} 2
        laurel_batch_seconds_bucket{stage="x",le="+Inf"} 3
        laurel_batch_seconds_sum{stage="x"} 3.6
        laurel_batch_seconds_count{stage="x"} 3
        # HELP laurel_lag_records Behind by,\nwith \\ and "quotes".
        # TYPE laurel_lag_records gauge
        laurel_lag_records 2.5
        # HELP laurel_records_total Records read.
        # TYPE laurel_records_total counter
        laurel_records_total{partition="1",topic="a\"b\\c\nd"} 7
        laurel_records_total{partition="3",topic="billing"} 3

        """#)
  }

  @Test func theSameNameAndLabelsAreTheSameMetric() {
    let metrics = Metrics()
    let one = metrics.gauge("lag", help: "x", labels: ["a": "1", "b": "2"])
    #expect(metrics.gauge("lag", help: "x", labels: ["b": "2", "a": "1"]) === one)
    #expect(metrics.gauge("lag", help: "x", labels: ["b": "1", "a": "2"]) !== one)
  }

  @Test func whatIsRemovedIsNotShown() {
    let metrics = Metrics()
    metrics.gauge("lag", help: "x", labels: ["partition": "1"]).set(1)
    metrics.gauge("lag", help: "x", labels: ["partition": "2"]).set(2)
    metrics.remove("lag", labels: ["partition": "1"])
    #expect(metrics.text == "# HELP lag x\n# TYPE lag gauge\nlag{partition=\"2\"} 2\n")
    metrics.remove("lag", labels: ["partition": "2"])
    #expect(metrics.text == "")
  }

  @Test func everySeriesOfAPartitionIsRemoved() {
    let metrics = Metrics()
    metrics.gauge("lag", help: "x", labels: ["partition": "1"]).set(1)
    metrics.gauge("lag", help: "x", labels: ["partition": "11"]).set(1)
    metrics.gauge("lag", help: "x", labels: ["a": "x", "partition": "1", "z": "y"]).set(1)
    metrics.gauge("kind", help: "x", labels: ["kind": "a,partition=\"1\",b"]).set(1)
    metrics.gauge("rows", help: "x", labels: ["partition": "1"]).set(1)
    metrics.remove(everySeriesWith: "partition", "1")
    #expect(
      metrics.text == #"""
        # HELP kind x
        # TYPE kind gauge
        kind{kind="a,partition=\"1\",b"} 1
        # HELP lag x
        # TYPE lag gauge
        lag{partition="11"} 1

        """#)
  }

  @Test func nothingIsLostBetweenThreads() async {
    let metrics = Metrics()
    let counter = metrics.counter("c", help: "")
    let histogram = metrics.histogram("h", help: "", buckets: Histogram.counts)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for number in 0..<5000 {
            counter.add(2)
            histogram.observe(Double(number % 7))
          }
        }
      }
    }
    #expect(counter.value == 40000)
    #expect(histogram.cumulative.last == 20000)
    #expect(histogram.sum == 4 * (0..<5000).reduce(0.0) { $0 + Double($1 % 7) })
  }

  @Test(arguments: [(Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (0, "0"), (-3, "-3"), (1e300, "1e+300")])
  func numbers(value: Double, text: String) {
    let metrics = Metrics()
    metrics.gauge("g", help: "").set(value)
    #expect(metrics.text.hasSuffix("g \(text)\n"))
  }

  @Test func aNameHasOneType() async {
    await #expect(processExitsWith: .failure) {
      let metrics = Metrics()
      _ = metrics.counter("x", help: "")
      _ = metrics.gauge("x", help: "")
    }
  }
}
