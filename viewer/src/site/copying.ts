/** `<button data-copy="text" hidden>` copies its text and says so; it shows itself only where it works. */
export function startCopying(scope: ParentNode = document): void {
  for (const button of scope.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    if (!("clipboard" in navigator)) continue;
    button.hidden = false;
    const said = document.createElement("span");
    said.className = "app-copied";
    said.setAttribute("role", "status");
    button.after(said);
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(textToCopy(button)).then(
        () => {
          said.textContent = "Copied";
        },
        () => {
          said.textContent = "Not copied: select the text and copy it by hand.";
        },
      );
    });
  }
}

function textToCopy(button: HTMLButtonElement): string {
  const wanted = button.dataset["copy"] ?? "";
  // "#citation" names the element whose text is copied, "." this page's address
  if (wanted === ".") return location.href;
  if (!wanted.startsWith("#")) return wanted;
  return document.querySelector(wanted)?.textContent.trim() ?? "";
}
