// The colours of the page's style sheet, for the canvas; read anew where the system turns light or dark.

const NAMES = ["back", "surface", "ink", "quiet", "accent", "circle", "dot", "dot-edge", "silent", "neighbour", "finger", "relayed", "flow", "came", "went", "chosen", "halo", "finger-alpha"];

export const theme = {};

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

export const isStill = () => still.matches;

function read() {
  const style = getComputedStyle(document.documentElement);
  for (const name of NAMES) {
    theme[name.replace(/-(.)/g, (_, letter) => letter.toUpperCase())] = style.getPropertyValue("--" + name).trim();
  }
}

export function watchTheme(changed) {
  read();
  for (const query of [dark, still]) {
    query.addEventListener("change", () => {
      read();
      changed();
    });
  }
}
