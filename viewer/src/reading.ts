import "./styles/reading.scss";

import { startDraft } from "./reading/draft";
import { startLetterKeys } from "./reading/letter-keys";
import { startNextCase } from "./reading/next-case";

const form = document.querySelector<HTMLFormElement>("form[data-reading]");
if (form) {
  startDraft(form);
  startLetterKeys(form);
}
startNextCase(document, (address) => {
  location.assign(address);
});
