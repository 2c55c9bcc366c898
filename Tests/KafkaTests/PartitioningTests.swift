import Kafka
import Testing

/// Values of Java's `Utils.murmur2`, from Kafka's own tests.
@Test(
  arguments: [
    ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
    ("a-little-bit-longer-string", -1_486_304_829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
    ("abc", 479_470_107),
  ] as [(String, Int32)])
func partitionIsJavas(key: String, murmur2: Int32) {
  for count: Int32 in [1, 2, 4, 7, 12, 1000, .max] {
    #expect(partition(forKey: Array(key.utf8), count: count) == (murmur2 & 0x7fff_ffff) % count)
  }
}

@Test func partitionOfNothingIsTheFirst() {
  #expect(partition(forKey: Array("abc".utf8), count: 0) == 0)
  #expect((0..<4).contains(partition(forKey: [], count: 4)))
}

/// Java's `String.hashCode`, as Kafka's coordinators use it.
@Test(arguments: [("", 0), ("laurel.accrual", 16), ("polygenelubricants", 0)])
func coordinatorsArePlacedAsKafkaDoes(name: String, partition: Int32) {
  #expect(coordinatorPartition(of: name, count: 50) == partition)
}
