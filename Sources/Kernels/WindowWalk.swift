import PlanFormat

/// A window's steps, and which of its rows or columns fall inside the input.
struct WindowWalk {
  let height: Int
  let width: Int
  let strideHeight: Int
  let strideWidth: Int
  let dilationHeight: Int
  let dilationWidth: Int
  let paddingTop: Int
  let paddingLeft: Int

  init(_ window: Window) {
    height = window.height
    width = window.width
    strideHeight = window.strideHeight
    strideWidth = window.strideWidth
    dilationHeight = window.dilationHeight
    dilationWidth = window.dilationWidth
    paddingTop = window.paddingTop
    paddingLeft = window.paddingLeft
  }

  /// First input row of the window of output row `row`; negative inside the padding.
  @inline(__always)
  func top(_ row: Int) -> Int { row &* strideHeight &- paddingTop }

  /// First input column of the window of output column `column`.
  @inline(__always)
  func left(_ column: Int) -> Int { column &* strideWidth &- paddingLeft }

  /// Kernel rows inside an input of `size` rows.
  @inline(__always)
  func rows(from top: Int, size: Int) -> Range<Int> {
    Self.inside(top, height, dilationHeight, size)
  }

  /// Kernel columns inside an input of `size` columns.
  @inline(__always)
  func columns(from left: Int, size: Int) -> Range<Int> {
    Self.inside(left, width, dilationWidth, size)
  }

  @inline(__always)
  private static func inside(_ origin: Int, _ kernel: Int, _ dilation: Int, _ size: Int)
    -> Range<Int>
  {
    let first = origin >= 0 ? 0 : (dilation &- 1 &- origin) / dilation
    let end = origin < size ? (size &- origin &+ dilation &- 1) / dilation : 0
    let last = min(kernel, end)
    return Range(uncheckedBounds: (first, max(first, last)))
  }
}
