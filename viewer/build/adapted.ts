import type { Plugin } from "vite";

const TEXT_BOX = /tools\/dist\/esm\/drawingSvg\/drawTextBox\.js$/;
const STYLE_AS_TEXT = "textElement.setAttribute('style', combinedStyle)";
const NOT_NEEDED = "xmlbuilder2"; // writes VTK's XML files, which nobody here does

const DICTIONARY = /node_modules\/dcmjs\/build\//;
const FORGOTTEN_TEST = "http://quantome.org:4242/dcm4chee-arc/aets/DCM4CHEE";

/** The places where the image engine does not fit the policy or the budget. */
export function adapted(): Plugin {
  return {
    name: "adapted-engine",
    enforce: "pre",
    resolveId(id) {
      return id === NOT_NEEDED ? `\0${NOT_NEEDED}` : null;
    },
    load(id) {
      if (id !== `\0${NOT_NEEDED}`) return null;
      return "export const create = () => { throw new Error('Left out of this build.'); };";
    },
    transform(code, id) {
      // a test its makers left in, with an address of theirs
      if (DICTIONARY.test(id)) return code.replaceAll(FORGOTTEN_TEST, "");
      if (!TEXT_BOX.test(id)) return null;
      if (!code.includes(STYLE_AS_TEXT)) throw new Error("drawTextBox.js is not what it was: look at build/adapted.ts.");
      // a style attribute set as text is dropped by the policy
      return code.replace(STYLE_AS_TEXT, "textElement.style.cssText = combinedStyle");
    },
  };
}
