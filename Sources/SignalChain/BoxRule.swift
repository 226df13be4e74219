/// How a detector's outputs become boxes: integers only, so that every CPU finds the same ones.
///
/// Coordinates have 16 fraction bits of whatever unit the model has: an image's side, or pixels.
public struct BoxRule: Sendable, Equatable {
  /// Most boxes of a model.
  public static let boxesMax = 1 << 16
  /// Most classes.
  public static let classesMax = 1 << 12
  /// Most detections kept of a class, or of an item.
  public static let detectionsMax = 1 << 10
  /// Coordinates and sizes are held within ±2^29, so that areas stay below 2^60.
  static let reach: Int64 = 1 << 29

  /// Where an output holds the elements of boxes: element e of box b is at first + b · stride + e · step.
  public struct View: Sendable, Equatable {
    /// The output.
    public var output: Int
    /// Position of box 0's element 0.
    public var first: Int
    /// From one box to the next.
    public var stride: Int
    /// From one element to the next.
    public var step: Int

    /// Creates a view.
    public init(output: Int, first: Int, stride: Int, step: Int) {
      self.output = output
      self.first = first
      self.stride = stride
      self.step = step
    }

    /// True where so many boxes of so many elements lie within an output's elements.
    public func fits(boxes: Int, elements: Int, within count: Int) -> Bool {
      guard first >= 0, stride >= 1, step >= 1, first < count, stride <= count, step <= count else {
        return false
      }
      return first + (boxes - 1) * stride + (elements - 1) * step < count
    }
  }

  /// What the four elements of a box are; the first and third belong to one axis.
  public enum Form: String, Sendable {
    /// Two opposite corners.
    case corners
    /// Centre and size.
    case centre
    /// Centre and size by an anchor's: the offset of the centre in anchor sizes, and the logarithm of
    /// the growth.
    case anchors
  }

  /// Where coordinates are.
  public var boxes: View
  /// Where scores are.
  public var scores: View
  /// Boxes of an item.
  public var count: Int
  /// Scores of a box.
  public var classes: Int
  /// Classes below are background.
  public var firstClass: Int
  /// What the four elements are.
  public var form: Form
  /// Four numbers per box: centre and size on either axis, in the order of the elements; else empty.
  public var anchors: [Int32]
  /// What each level of each element stands for: 4 · 256 numbers, level −128 first. Growths, not
  /// their logarithms.
  public var tables: [Int32]
  /// True where the first element is on the horizontal axis.
  public var isXFirst: Bool
  /// The least level of a score.
  public var threshold: Int32
  /// Boxes that share more than this of their union are one thing: 2^16 is all of it.
  public var overlap: Int32
  /// Most detections of a class.
  public var perClass: Int
  /// Most detections of an item.
  public var detections: Int
  /// False where a box has the class of its largest score only, and boxes of all classes compete.
  public var isClassWise: Bool

  /// Creates a rule; `fault` says what is wrong with it.
  public init(
    boxes: View, scores: View, count: Int, classes: Int, firstClass: Int = 0, form: Form,
    anchors: [Int32] = [], tables: [Int32], isXFirst: Bool, threshold: Int32, overlap: Int32,
    perClass: Int, detections: Int, isClassWise: Bool = true
  ) {
    self.boxes = boxes
    self.scores = scores
    self.count = count
    self.classes = classes
    self.firstClass = firstClass
    self.form = form
    self.anchors = anchors
    self.tables = tables
    self.isXFirst = isXFirst
    self.threshold = threshold
    self.overlap = overlap
    self.perClass = perClass
    self.detections = detections
    self.isClassWise = isClassWise
  }

  /// What is wrong with it; nil for a rule that boxes can be decoded by.
  public var fault: String? {
    if !(1...Self.boxesMax).contains(count) { return "there are not from 1 to 65536 boxes" }
    if !(1...Self.classesMax).contains(classes) { return "there are not from 1 to 4096 classes" }
    if !(0..<classes).contains(firstClass) { return "all classes are background" }
    if anchors.count != (form == .anchors ? 4 * count : 0) {
      return "there are not four numbers of an anchor for each box"
    }
    if tables.count != 1024 { return "the tables do not have 4 times 256 entries" }
    let reach = Int32(Self.reach)
    for value in anchors where value < -reach || value > reach { return "an anchor is too far out" }
    if !(-128...128).contains(threshold) { return "the threshold is no level" }
    if !(0...65_536).contains(overlap) { return "the overlap is not from 0 to 1" }
    if !(1...Self.detectionsMax).contains(perClass)
      || !(1...Self.detectionsMax).contains(detections)
    {
      return "there are not from 1 to 1024 detections"
    }
    return nil
  }
}

/// A box that was found.
public struct Detection: Sendable, Equatable {
  /// Its class.
  public var topClass: Int
  /// Level of its score.
  public var level: Int32
  /// Which of the model's boxes it is.
  public var box: Int
  /// Edges with 16 fraction bits.
  public var top: Int32
  /// See `top`.
  public var left: Int32
  /// See `top`.
  public var bottom: Int32
  /// See `top`.
  public var right: Int32

  static var none: Detection {
    Detection(topClass: 0, level: 0, box: 0, top: 0, left: 0, bottom: 0, right: 0)
  }

  /// True where two boxes share more than `overlap` / 2^16 of their union.
  func overlaps(_ other: Detection, more overlap: Int32) -> Bool {
    let height = Int64(min(bottom, other.bottom)) &- Int64(max(top, other.top))
    let width = Int64(min(right, other.right)) &- Int64(max(left, other.left))
    guard height > 0, width > 0 else { return false }
    let shared = height &* width
    let union = area &+ other.area &- shared
    let share = UInt64(shared).multipliedFullWidth(by: 65_536)
    let limit = UInt64(union).multipliedFullWidth(by: UInt64(overlap))
    return share.high > limit.high || (share.high == limit.high && share.low > limit.low)
  }

  private var area: Int64 { (Int64(bottom) &- Int64(top)) &* (Int64(right) &- Int64(left)) }
}
