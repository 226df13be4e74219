public import CBOR

/// Makes Ed25519 signatures. The crypto is injected: this module only knows the format.
public protocol SignatureSigner {
  /// The key's identifier, as the unprotected `kid` header names it.
  var keyIdentifier: [UInt8] { get }
  /// The 64-byte signature of `message`.
  func sign(_ message: [UInt8]) -> [UInt8]
}

/// Checks Ed25519 signatures.
public protocol SignatureVerifier {
  /// True when `signature` is that of `message` by the holder of the 32-byte `publicKey`.
  func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool
}

/// Why bytes are not a COSE_Sign1 of our profile.
public enum COSEError: Error, Equatable, Sendable {
  /// Not deterministic CBOR.
  case malformed(CBORError)
  /// Not tag 18 over an array of four with the right types.
  case notSign1
  /// The protected header is not exactly {1: -8}.
  case unsupportedAlgorithm
  /// The unprotected header is not exactly {4: kid}, kid of 1 to 64 bytes.
  case unsupportedHeader
  /// The signature is not 64 bytes long.
  case badSignatureLength
  /// A detached payload was needed and none given, or the reverse.
  case payloadMismatch

  /// One line for a person.
  public var message: String {
    switch self {
    case .malformed(let error): return "signature: \(error.message)"
    case .notSign1: return "signature: not a COSE_Sign1 structure"
    case .unsupportedAlgorithm: return "signature: algorithm other than EdDSA"
    case .unsupportedHeader: return "signature: unexpected header"
    case .badSignatureLength: return "signature: not 64 bytes long"
    case .payloadMismatch:
      return "signature: payload attached where it should be detached, or the reverse"
    }
  }
}

/// A COSE_Sign1 (RFC 9052 section 4.2), tag 18, in one profile: EdDSA (RFC 9053 section 2.2) in the
/// protected header, `kid` in the unprotected one, nothing else, deterministic CBOR.
public struct COSESign1: Equatable, Sendable {
  /// Names the key; a hint to find it, not protected by the signature.
  public let keyIdentifier: [UInt8]
  /// The signed bytes; nil when they travel elsewhere.
  public let payload: [UInt8]?
  /// 64 bytes.
  public let signature: [UInt8]

  /// The encoded protected header {1: -8}.
  static let protectedHeader: [UInt8] = [0xa1, 0x01, 0x27]
  private static let tag: UInt64 = 18
  private static let keyIdentifierLabel = CBORValue.unsigned(4)

  /// Signs `payload`; with `detached` the result does not contain it.
  public static func sign(
    _ payload: [UInt8], detached: Bool = false, externalData: [UInt8] = [],
    with signer: some SignatureSigner
  ) -> COSESign1 {
    let message = signatureStructure(payload: payload, externalData: externalData)
    return COSESign1(
      keyIdentifier: signer.keyIdentifier, payload: detached ? nil : payload,
      signature: signer.sign(message))
  }

  /// The Sig_structure that is signed (RFC 9052 section 4.4).
  public static func signatureStructure(
    payload: [UInt8], externalData: [UInt8] = []
  ) -> [UInt8] {
    CBORValue.array([
      .text("Signature1"), .bytes(protectedHeader), .bytes(externalData), .bytes(payload),
    ]).encoded()
  }

  /// The encoded structure.
  public func encoded() -> [UInt8] {
    var unprotected = CBORMap()
    unprotected[Self.keyIdentifierLabel] = .bytes(keyIdentifier)
    var content = CBORValue.null
    if let payload { content = .bytes(payload) }
    return CBORValue.tagged(
      Self.tag,
      .array([
        .bytes(Self.protectedHeader), .map(unprotected), content, .bytes(signature),
      ])
    ).encoded()
  }

  /// Parses one structure, and nothing after it. Verifies nothing.
  public static func decode(_ bytes: [UInt8]) throws(COSEError) -> COSESign1 {
    let value: CBORValue
    do throws(CBORError) {
      value = try CBORValue.decode(bytes, depth: 4, items: 16)
    } catch {
      throw COSEError.malformed(error)
    }
    return try decode(value)
  }

  /// Takes the structure out of a decoded item. Verifies nothing.
  public static func decode(_ value: CBORValue) throws(COSEError) -> COSESign1 {
    guard case .tagged(tag, .array(let parts)) = value, parts.count == 4,
      case .bytes(let protected) = parts[0], case .map(let unprotected) = parts[1],
      case .bytes(let signature) = parts[3]
    else { throw COSEError.notSign1 }
    guard protected == protectedHeader else { throw COSEError.unsupportedAlgorithm }
    guard unprotected.count == 1, case .bytes(let kid)? = unprotected[keyIdentifierLabel],
      (1...64).contains(kid.count)
    else { throw COSEError.unsupportedHeader }
    guard signature.count == 64 else { throw COSEError.badSignatureLength }
    switch parts[2] {
    case .bytes(let payload):
      return COSESign1(keyIdentifier: kid, payload: payload, signature: signature)
    case .null:
      return COSESign1(keyIdentifier: kid, payload: nil, signature: signature)
    default: throw COSEError.notSign1
    }
  }

  /// True when the holder of `publicKey` signed the payload: the attached one, or
  /// `detachedPayload` when none is attached. Throws ``COSEError/payloadMismatch`` when there are
  /// none or two.
  public func verify(
    detachedPayload: [UInt8]? = nil, externalData: [UInt8] = [], publicKey: [UInt8],
    with verifier: some SignatureVerifier
  ) throws(COSEError) -> Bool {
    let signed: [UInt8]
    if let payload, detachedPayload == nil {
      signed = payload
    } else if let detachedPayload, payload == nil {
      signed = detachedPayload
    } else {
      throw COSEError.payloadMismatch
    }
    return verifier.verify(
      signature: signature,
      message: Self.signatureStructure(payload: signed, externalData: externalData),
      publicKey: publicKey)
  }
}
