/// A heap that returns its least element first. Inserting and removing take O(log n).
public struct BinaryHeap<Element: Comparable> {
  /// Each element is not less than its parent at (index − 1) / 2.
  private var elements: [Element] = []

  public init() {}

  /// The least element, or `nil` if the heap is empty.
  public var first: Element? { elements.first }

  public mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0, elements[child] < elements[(child - 1) / 2] {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Removes and returns the least element, or returns `nil` if the heap is empty.
  @discardableResult
  public mutating func removeFirst() -> Element? {
    guard !elements.isEmpty else { return nil }
    elements.swapAt(0, elements.count - 1)
    let least = elements.removeLast()
    var parent = 0
    while case var child = 2 * parent + 1, child < elements.count {
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      guard elements[child] < elements[parent] else { break }
      elements.swapAt(parent, child)
      parent = child
    }
    return least
  }

  public mutating func removeAll() { elements.removeAll(keepingCapacity: true) }
}
