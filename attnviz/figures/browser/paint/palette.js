// Sixteen colours that stay apart for readers with any of the usual colour deficiencies, for each ground.
// Found by a search for the largest smallest distance in OKLab, also as protanopes, deuteranopes and tritanopes see
// them (Machado et al. 2009), at 3:1 or more against the ground; a test measures both again.

const ON_LIGHT = [
  [50, 108, 177], [255, 54, 125], [0, 103, 19], [189, 141, 2], [122, 53, 235], [105, 6, 0], [103, 153, 190], [202, 3, 156],
  [40, 0, 103], [116, 123, 45], [171, 117, 255], [0, 60, 61], [120, 0, 149], [89, 75, 93], [51, 11, 199], [13, 20, 22],
];
const ON_DARK = [
  [128, 157, 255], [255, 41, 12], [6, 233, 140], [255, 149, 50], [135, 8, 255], [180, 254, 26], [66, 255, 255], [213, 26, 170],
  [252, 212, 200], [117, 150, 101], [76, 117, 211], [224, 174, 255], [175, 62, 53], [151, 196, 192], [188, 132, 172], [69, 106, 113],
];

/**
 * The colour of head number `head`; from the seventeenth on they repeat, and numbers tell them apart.
 * @type {(theme: {dark: boolean}, head: number) => import("./colours.js").Colour}
 */
export const headColour = (theme, head) => (theme.dark ? ON_DARK : ON_LIGHT)[head % ON_LIGHT.length];
