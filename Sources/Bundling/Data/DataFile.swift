public import Arrays
import Foundation
public import HostArrays

/// Data as a user names it, before it is known what the model takes.
public enum DataFile: Sendable {
  /// A sound file and what its folder says of it.
  public struct Sound: Sendable, Equatable {
    /// Where it lies.
    public var path: String
    /// The subfolder it lies in, which is its class; nil where there are no subfolders.
    public var label: String?
  }

  /// An array of items, or a recording.
  case array(NumericArray)
  /// A table, whose columns have names.
  case table(CSVTable)
  /// Recordings of sound.
  case sounds([Sound])

  /// Opens `FILE.npy`, `FILE.npz[:NAME]`, `FILE.csv`, `FILE.wav`, or a folder of .wav files; of
  /// subfolders of them, each is a class. Tables and sounds are read later.
  public init(_ argument: String) throws(ArrayFileError) {
    let folder = URL(fileURLWithPath: argument)
    if (try? folder.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
      let sounds = Self.sounds(in: folder)
      guard !sounds.isEmpty else {
        throw ArrayFileError.archive("the folder holds no .wav file", path: argument)
      }
      self = .sounds(sounds)
    } else if Self.isSound(argument) {
      self = .sounds([Sound(path: argument, label: nil)])
    } else if ArrayFile.isTable(argument) {
      self = .table(try CSVTable(path: argument, limit: ArrayFile.sizeLimit))
    } else {
      self = .array(try ArrayFile.read(argument))
    }
  }

  /// The files whose content the data is, as far as its name tells.
  public static func files(of argument: String) -> [String] {
    guard let data = try? DataFile(argument), case .sounds(let sounds) = data else {
      return [ArrayFile.split(argument).path]
    }
    return sounds.map(\.path)
  }

  static func isSound(_ path: String) -> Bool { path.lowercased().hasSuffix(".wav") }

  /// Sorted by path, so that the same folder gives the same items everywhere.
  private static func sounds(in folder: URL) -> [Sound] {
    let manager = FileManager.default
    var sounds: [Sound] = []
    let names = ((try? manager.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    for name in names {
      let path = folder.appendingPathComponent(name).path
      if isSound(name) {
        sounds.append(Sound(path: path, label: nil))
        continue
      }
      for inner in ((try? manager.contentsOfDirectory(atPath: path)) ?? []).sorted()
      where isSound(inner) {
        sounds.append(Sound(path: "\(path)/\(inner)", label: name))
      }
    }
    return sounds
  }
}
