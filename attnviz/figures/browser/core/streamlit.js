// Adapter for Streamlit's Custom Components v2: what a figure reports becomes component state or a trigger.

/** The default export of a component that draws with `draw`. */
export function streamlit(draw) {
  return ({ data, parentElement, setStateValue, setTriggerValue }) => {
    if (!(data instanceof Uint8Array)) return;
    draw(parentElement, data, {
      selection: (value) => setStateValue("selection", value),
      places: (value) => setStateValue("places", value),
      form: (value) => setStateValue("form", value),
      setting: (value) => setStateValue("setting", value),
      held: (value) => setStateValue("held", value),
      detail: (value) => setStateValue("detail", value),
      chosen: (value) => setStateValue("chosen", value),
      granularity: (value) => setStateValue("granularity", value),
      asking: (value) => setTriggerValue("asking", value),
      edited: (value) => setTriggerValue("edited", value),
      switched: (value) => setTriggerValue("switched", value),
      open: (value) => setTriggerValue("open", value),
    });
  };
}
