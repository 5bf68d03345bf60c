// The heads that are compared: their names, their kinds with a colour each, their distances.

import { mix } from "../../paint/colours.js";

/** @import {LikenessState} from "./message.js" */

// One for each kind of head, in the order of the header; "mixed" has none (after Okabe & Ito 2008).
export const KIND_HUES = [[0, 114, 178], [86, 180, 233], [0, 158, 115], [136, 58, 222], [240, 228, 66], [230, 159, 0], [204, 121, 167], [138, 143, 152], [213, 94, 0]];
export const placeOf = ({ header }, head) => ({ layer: Math.floor(head / header.heads), head: head % header.heads });

/** @param {LikenessState} state */
export const headName = (state, head) => `layer ${placeOf(state, head).layer}, head ${placeOf(state, head).head}`;

/** @param {LikenessState} state */
export const kindOf = (state, head) => state.header.kinds[state.kindOf[head]];

/** @param {LikenessState} state */
export const hueOf = (state, head) => KIND_HUES[state.kindOf[head]] ?? mix(state.theme.bg, state.theme.text, 0.12);

/** @param {LikenessState} state */
export const distance = (state, a, b) => state.distances[a * state.count + b];
