import { required } from "../elements";
import { createDrafts, type Answer, type Drafts } from "./saving";

const UNREACHABLE = "Not saved: the server does not answer. Your answers are still here, and saving is tried again.";
const SIGNED_OUT =
  "Not saved: you were signed out. Your answers are still here: sign in again in another window, then change anything.";

/** Keeps a form's answers on the server as they change: a reading's, or an edition's at the desk. */
export function startDraft(form: HTMLFormElement): void {
  const state = required(form, "[data-draft-state]", HTMLElement);
  const conflict = required(form, "[data-draft-conflict]", HTMLElement);
  const version = required(form, "input[name='version']", HTMLInputElement);
  const drafts = createDrafts({
    version: Number(version.value),
    send: (seen) => send(form, seen),
    onSaving: () => {
      state.textContent = "Saving…";
    },
    onAnswer: (answer) => {
      state.textContent = words(answer);
      conflict.hidden = answer.kind !== "stale";
      if (answer.kind === "saved") version.value = String(answer.version);
    },
  });
  // with a script every change is saved, so the button says nothing new
  const button = form.querySelector<HTMLButtonElement>("[data-save-draft]");
  if (button) button.hidden = true;
  form.addEventListener("input", () => {
    drafts.touch();
  });
  form.addEventListener("change", () => {
    drafts.touch();
  });
  required(conflict, "[data-keep-mine]", HTMLButtonElement).addEventListener("click", () => {
    void drafts.keepMine();
  });
  required(conflict, "[data-show-other]", HTMLButtonElement).addEventListener("click", () => {
    location.reload();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void drafts.flush();
  });
  saveBeforeSubmitting(form, drafts);
}

/** A reading is sent with the version of its last save, so that save must have ended. */
function saveBeforeSubmitting(form: HTMLFormElement, drafts: Drafts): void {
  let isSaved = false;
  form.addEventListener("submit", (event) => {
    if (isSaved) {
      isSaved = false;
      return;
    }
    event.preventDefault();
    const { submitter } = event;
    void drafts.flush().then((saved) => {
      if (!saved) return;
      isSaved = true;
      // not at once: a form takes no other submission while its submit event is under way
      setTimeout(() => {
        form.requestSubmit(submitter);
      });
    });
  });
}

async function send(form: HTMLFormElement, version: number): Promise<Answer> {
  const body = new FormData(form);
  body.set("version", String(version));
  try {
    const response = await fetch(form.dataset["draftUrl"] ?? "", {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
    });
    return await readAnswer(response);
  } catch {
    return { kind: "unreachable" };
  }
}

export async function readAnswer(response: Response): Promise<Answer> {
  if (response.status >= 500) return { kind: "unreachable" };
  const isAnswer = response.headers.get("Content-Type")?.includes("json");
  if (response.status === 401 || !isAnswer) return { kind: "refused", message: SIGNED_OUT };
  const answer = (await response.json()) as { message?: string; version?: number; is_stale?: boolean };
  const message = answer.message ?? "";
  const version = answer.version ?? 0;
  if (response.ok) return { kind: "saved", version, message };
  return answer.is_stale ? { kind: "stale", version, message } : { kind: "refused", message };
}

function words(answer: Answer): string {
  if (answer.kind === "unreachable") return UNREACHABLE;
  return answer.kind === "stale" ? "Not saved yet." : answer.message;
}
