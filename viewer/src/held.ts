import "./styles/held.scss";

import { startDrawing } from "./held/drawing";

for (const root of document.querySelectorAll<HTMLElement>("[data-held]")) startDrawing(root);
