import "./styles/upload.scss";

import { startUploading } from "./upload/page";
import { findView } from "./upload/view";

for (const root of document.querySelectorAll<HTMLElement>(".app-upload")) {
  // the ordinary form beside it is for browsers where this script does not run
  const form = document.getElementById(`${root.id}-form`);
  if (form) form.hidden = true;
  root.hidden = false;
  startUploading(findView(root));
}
