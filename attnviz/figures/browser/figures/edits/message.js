// The message of the figure "edits", and what the figure keeps of it.

import { unpack } from "../../core/message.js";

/**
 * @typedef {[place: number, way: string, text: string]} Edit
 *
 * @typedef {object} EditsHeader
 * @property {string} title
 * @property {[name: string, verb: string, participle: string][]} ways
 * @property {Edit[]} made
 * @property {number} most edits that there can be
 * @property {number} longest letters of another word
 * @property {string} identity
 * @property {{at: number, words: string[]} | null} guesses
 * @property {import("../../core/results.js").Found | null} results
 * @property {import("../../core/prose.js").Run[]} runs
 * @property {{label: string, at: number}[]} words
 *
 * @typedef {import("../../core/figure.js").State & {header: EditsHeader}} EditsState
 */

/** @type {(bytes: Uint8Array) => {header: EditsHeader, arrays: Record<string, any>}} */
export const messageOf = (bytes) => unpack(bytes);
