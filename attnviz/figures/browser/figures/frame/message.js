// The message of the figure "frame", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/** @typedef {{title: string, model: string}} FrameHeader */

/** @type {(bytes: Uint8Array) => {header: FrameHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);
