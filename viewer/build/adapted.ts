import type { Plugin } from "vite";

const TEXT_BOX = /tools\/dist\/esm\/drawingSvg\/drawTextBox\.js$/;
const STYLE_AS_TEXT = "textElement.setAttribute('style', combinedStyle)";

const DICTIONARY = new URL("./dictionary.js", import.meta.url).pathname;
// of the engine's reader of files only what its drawing asks for: the rest compiles rules from the dictionary at once
const READER = /@cornerstonejs\/metadata\/dist\/esm\/(?:utilities\/)?index\.js$/;
const ASKED_FOR =
  /'\.\/(?:enums\/index|metaData|utilities\/index|isVideoTransferSyntax|imageIdToURI|getPixelSpacingInformation|calibratedPixelSpacingMetadataProvider|splitImageIdsBy4DTags)\.js'/;
const NOT_NEEDED = "\0not-needed";
// XML files of VTK's, and a way of drawing that no browser of ours is asked for
const LEFT_OUT: Readonly<Record<string, string>> = {
  xmlbuilder2: "export const create = () => { throw new Error('Left out of this build.'); };",
  "../WebGPU/Profiles/Volume.js": "",
  "../WebGPU/Profiles/Geometry.js": "",
  "../WebGPU/Profiles/Glyph.js": "",
};

/** The places where the image engine does not fit the policy or the budget. */
export function adapted(): Plugin {
  return {
    name: "adapted-engine",
    enforce: "pre",
    resolveId(id) {
      if (id === "dcmjs") return DICTIONARY;
      return id in LEFT_OUT ? `${NOT_NEEDED}:${id}` : null;
    },
    load(id) {
      return id.startsWith(NOT_NEEDED) ? { code: LEFT_OUT[id.slice(NOT_NEEDED.length + 1)] ?? "", moduleSideEffects: false } : null;
    },
    transform(code, id) {
      if (READER.test(id)) return code.split("\n").filter((line) => ASKED_FOR.test(line)).join("\n");
      if (!TEXT_BOX.test(id)) return null;
      if (!code.includes(STYLE_AS_TEXT)) throw new Error("drawTextBox.js is not what it was: look at build/adapted.ts.");
      // a style attribute set as text is dropped by the policy
      return code.replace(STYLE_AS_TEXT, "textElement.style.cssText = combinedStyle");
    },
  };
}
