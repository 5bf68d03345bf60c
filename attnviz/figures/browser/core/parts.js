// Messages in parts (see parts.py): those that the browser holds are not sent again, those that come are kept.

const DIGEST = 12; // bytes
const RECORD = DIGEST + 4;
const SENT = 2 ** 31;

/** Parts by their digests, those used last at the end; of what is over `most` bytes the oldest go. */
export class Parts {
  /** @param {number} most bytes */
  constructor(most) {
    this.most = most;
    this.size = 0;
    /** @type {Map<string, Uint8Array>} */
    this.kept = new Map();
  }

  /**
   * The whole message, and its parts kept; null where one is neither here nor there.
   * @param {Uint8Array} bytes what `thin` in parts.py made
   * @returns {Uint8Array | null}
   */
  whole(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = view.getUint32(0, true);
    let from = 4 + count * RECORD;
    let missing = false;
    /** @type {Map<string, Uint8Array>} */
    const now = new Map();
    const order = [];
    for (let n = 0; n < count; n++) {
      const at = 4 + n * RECORD;
      const name = String.fromCharCode(...bytes.subarray(at, at + DIGEST));
      const size = view.getUint32(at + DIGEST, true);
      const sent = size >= SENT;
      const part = sent ? bytes.slice(from, (from += size - SENT)) : (now.get(name) ?? this.kept.get(name));
      if (part) now.set(name, part);
      missing ||= !part;
      order.push(part ?? new Uint8Array());
    }
    this.keep(now);
    if (missing) return null;
    const message = new Uint8Array(order.reduce((sum, part) => sum + part.length, 0));
    let to = 0;
    for (const part of order) {
      message.set(part, to);
      to += part.length;
    }
    return message;
  }

  /** @param {Map<string, Uint8Array>} parts */
  keep(parts) {
    for (const [name, part] of parts) {
      this.forget(name);
      this.kept.set(name, part);
      this.size += part.length;
    }
    for (const name of this.kept.keys()) {
      if (this.size <= this.most || parts.has(name)) break;
      this.forget(name);
    }
  }

  /** @param {string} name */
  forget(name) {
    this.size -= this.kept.get(name)?.length ?? 0;
    this.kept.delete(name);
  }
}
