// Stands for dcmjs in the built viewer: the headers are read here, so its dictionary of all attributes stays out.
const nothing = () => undefined;

function logger() {
  const levels = { trace: nothing, debug: nothing, info: nothing, warn: nothing, log: nothing };
  return { ...levels, error: (...words) => console.error(...words), setLevel: nothing, setDefaultLevel: nothing, getLogger: logger };
}

export const log = logger();
export const constants = {};

class Unread {
  constructor() {
    throw new Error("DICOM files are not read in this page.");
  }
}

export default {
  log,
  constants,
  async: { AsyncDicomReader: Unread },
  data: { DicomMetaDictionary: { dictionary: {}, nameMap: {} } },
  utilities: { DicomMetadataListener: Unread },
};
