import "./styles/site.scss";

import { startComponents } from "./site/components";
import { startCopying } from "./site/copying";
import { guardDoubleSending } from "./site/sending";

startComponents();
startCopying();
guardDoubleSending();
