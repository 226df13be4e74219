import CBOR
public import COSE

/// A signature with the key it names. The key is there so that every signature can be checked, also
/// by those who do not trust it; trust is decided apart.
public struct BundleSignature: Sendable, Equatable {
  /// 32 bytes.
  public let publicKey: [UInt8]
  /// COSE_Sign1 with a detached payload: the manifest.
  public let signature: COSESign1
}

/// The list of signatures before a manifest.
enum SignatureBlock {
  static func encode(_ signatures: [BundleSignature]) throws(BundleError) -> [UInt8] {
    var items: [CBORValue] = []
    for signature in signatures {
      do throws(CBORError) {
        let structure = try CBORValue.decode(signature.signature.encoded())
        items.append(.array([.bytes(signature.publicKey), structure]))
      } catch {
        throw .signatureBlock(error.message)
      }
    }
    return CBORValue.array(items).encoded()
  }

  static func decode(_ bytes: [UInt8]) throws(BundleError) -> [BundleSignature] {
    let value: CBORValue
    do throws(CBORError) {
      value = try CBORValue.decode(bytes)
    } catch {
      throw .signatureBlock(error.message)
    }
    guard case .array(let items) = value, (1...BundleLimits.signatures).contains(items.count)
    else { throw .signatureBlock("it does not hold 1 to \(BundleLimits.signatures) signatures") }
    var signatures: [BundleSignature] = []
    for item in items {
      guard case .array(let pair) = item, pair.count == 2, case .bytes(let key) = pair[0],
        key.count == 32
      else { throw .signatureBlock("a signature names no key") }
      // A key counts once, however often it signs.
      guard !signatures.contains(where: { $0.publicKey == key }) else {
        throw .signatureBlock("one key signed twice")
      }
      do throws(COSEError) {
        signatures.append(
          BundleSignature(publicKey: key, signature: try COSESign1.decode(pair[1])))
      } catch {
        throw .signatureBlock(error.message)
      }
    }
    return signatures
  }
}
