// The rules for the browser modules: what is likely a mistake, and nothing about taste.

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["node_modules/", ".venv/", "attnviz/figures/vendor/", "tests/vendor/"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text is set as text: use element() or textContent." },
        { property: "outerHTML", message: "Text is set as text: use element() or textContent." },
        { property: "insertAdjacentHTML", message: "Text is set as text: use element() or textContent." },
      ],
    },
  },
  { files: ["attnviz/**/*.js", "benchmarks/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["tests/**/*.js", "eslint.config.js"], languageOptions: { globals: globals.node } },
];
