import {
  CharacterCount,
  Checkboxes,
  createAll,
  ErrorSummary,
  PasswordInput,
  Radios,
  SkipLink,
  Tabs,
} from "nhsuk-frontend";

/** Starts the NHS.UK behaviours that pages use; without script every part works as plain HTML. */
export function startComponents(scope: Document | Element = document): void {
  document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
  createAll(CharacterCount, {}, scope);
  createAll(Checkboxes, {}, scope);
  createAll(ErrorSummary, {}, scope);
  createAll(PasswordInput, {}, scope);
  createAll(Radios, {}, scope);
  createAll(SkipLink, {}, scope);
  createAll(Tabs, {}, scope);
}
