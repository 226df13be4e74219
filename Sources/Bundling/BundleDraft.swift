public import BundleFormat
public import DeviceRuntime
public import HostArrays
import ModelCards
public import ModelGraph
import Sealing

/// A bundle that is complete but for its seal: quantised, certified, ready to be tested.
public struct BundleDraft {
  /// Its manifest, without sections.
  public private(set) var manifest: Manifest
  /// The main plan, loaded: what devices will compute.
  public let session: Session
  /// The model it came from.
  public internal(set) var model: Graph
  /// What of the calibration data was set aside to test with.
  public let aside: Dataset?
  /// Groups of the calibration items; nil where the data has none.
  public let calibrationGroups: TextColumn?
  /// The calibration items, as far as others can be known to be among them.
  public internal(set) var calibrationItems = ItemDigests([])
  /// Bytes of the model file.
  public let modelBytes: Int
  /// Remarks: what is missing and what to do about it.
  public private(set) var notes: [String]
  private let contents: [BundleWriter.Content]
  private var card: CardSection
  private let summary: DataSummary

  init(
    manifest: Manifest, contents: [BundleWriter.Content], session: Session, model: Graph,
    aside: Dataset?, calibrationGroups: TextColumn?, modelBytes: Int, notes: [String],
    card: CardSection, summary: DataSummary
  ) {
    self.manifest = manifest
    self.contents = contents
    self.session = session
    self.model = model
    self.aside = aside
    self.calibrationGroups = calibrationGroups
    self.modelBytes = modelBytes
    self.notes = notes
    self.card = card
    self.summary = summary
  }

  /// Adds the items that it is tested with to what its card says of data.
  public mutating func add(
    testItems items: [[TensorData]], starts: RecordingStarts, targets: Dataset.Targets?
  ) {
    card.data.append(summary.tested(items, starts, targets))
  }

  /// Adds what tests found, from which files.
  public mutating func add(_ tests: TestReport, sources: [SourceFile], notes: [String] = []) {
    manifest.tests = tests
    manifest.requirements.runtimeVersion = RuntimeVersion.current
    manifest.provenance.sources += sources.map {
      Provenance.Source(role: $0.role, digest: SHA256.digest($0.bytes))
    }
    self.notes += notes
  }

  /// Compresses and signs.
  ///
  /// - Throws: `PackError`; nothing is left behind.
  public func sealed(signer: some BundleSigner) throws(PackError) -> PackOutcome {
    var contents = contents
    if !card.isEmpty {
      contents.append(BundleWriter.Content(kind: .card, bytes: card.encoded()))
    }
    let bytes = try BundleWriter.write(manifest, contents: contents, signer: signer)
    // What this program would refuse to open, it does not hand out: a field over its limit, say.
    do throws(BundleError) {
      _ = try BundleVerifier(opener: SodiumZstd()).verify(
        bytes, trust: TrustPolicy(keys: [signer.publicKey], allowsDevelopment: true))
    } catch {
      throw PackError(.failed, "the bundle would not be accepted: \(error.message)")
    }
    return PackOutcome(bytes: bytes, manifest: manifest, modelBytes: modelBytes, notes: notes)
  }
}
