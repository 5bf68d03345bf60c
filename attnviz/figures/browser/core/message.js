// The message from Python: a JSON header and arrays in one block of bytes, unpacked.

/**
 * @typedef {Float32Array | Uint8Array | Int32Array} Numbers
 * @typedef {{data: Numbers, shape: number[]}} Section an array, row after row
 */

/** @type {Record<string, Float32ArrayConstructor | Uint8ArrayConstructor | Int32ArrayConstructor>} */
const SECTION_TYPES = { f32: Float32Array, u8: Uint8Array, i32: Int32Array };

/**
 * Header and arrays of a message (see wire.py). Arrays are views of the message where alignment allows.
 * @param {Uint8Array} bytes
 * @returns {{header: any, arrays: Record<string, any>}} what is in them, the typedef of each figure's header says
 */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.subarray(4 + length);
  /** @type {Record<string, Section>} */
  const arrays = {};
  for (const [name, { type, shape, offset }] of /** @type {[string, {type: string, shape: number[], offset: number}][]} */ (Object.entries(header.sections))) {
    const Type = SECTION_TYPES[type];
    const count = shape.reduce((product, size) => product * size, 1);
    const from = body.byteOffset + offset;
    const aligned = from % Type.BYTES_PER_ELEMENT === 0;
    const end = offset + count * Type.BYTES_PER_ELEMENT;
    const data = aligned ? new Type(/** @type {ArrayBuffer} */ (body.buffer), from, count) : new Type(body.slice(offset, end).buffer);
    arrays[name] = { data, shape };
  }
  return { header, arrays };
}
