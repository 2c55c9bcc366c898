import Contracts
import Deployment
import Streaming
import Terms

/// Compares the messages that services have sent with those that they have received, by the numbers that writers and readers keep.
struct MessageFlow {
  struct Unreceived: Hashable {
    let reader: ServicePartition
    /// From the first one not received to the last one sent.
    let gap: Gap
  }

  private(set) var unreceived: [Unreceived] = []

  /// - Parameters:
  ///   - sent: the progress of the writers, now or a while ago.
  ///   - received: the progress of the readers.
  init(sent: [ServicePartition: Progress], received: [ServicePartition: Progress]) {
    // A service without progress has never run in this deployment, or is not checked.
    let running = Set(received.keys.map(\.service))
    let readers = Deployment.services(Programs([])).filter { running.contains($0.name) }
    for (writer, progress) in sent {
      for (name, numbers) in progress.sent {
        for (partition, last) in numbers.enumerated() where last > 0 {
          for reader in readers where reader.inputs.contains(where: { $0.name == name }) {
            let place = ServicePartition(service: reader.name, number: Int32(partition))
            let known = received[place]?.received[name] ?? []
            let first = (Int(writer.number) < known.count ? known[Int(writer.number)] : 0) + 1
            guard first <= last else { continue }
            unreceived.append(
              Unreceived(reader: place, gap: Gap(topic: name, source: writer.number, missing: first...last)))
          }
        }
      }
    }
    unreceived.sort {
      ($0.reader.description, $0.gap.topic, $0.gap.source) < ($1.reader.description, $1.gap.topic, $1.gap.source)
    }
  }
}
