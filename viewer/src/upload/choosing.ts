/** A file a person chose, under the name it has inside the folder. */
export interface Chosen {
  name: string;
  file: File;
}

const NOT_IMAGES = /(^|\/)(\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini|DICOMDIR|autorun\.inf)$|(^|\/)__MACOSX\//i;

/** Leaves out what systems and viewers put beside images; says how many were left out. */
export function withoutSystemFiles(chosen: readonly Chosen[]): { kept: Chosen[]; leftOut: number } {
  const kept = chosen.filter(({ name }) => !NOT_IMAGES.test(name));
  return { kept, leftOut: chosen.length - kept.length };
}

/** IM2 before IM10, as a folder shows them. */
export const byName = new Intl.Collator("en-GB", { numeric: true });

export function fromInput(files: Iterable<File>): Chosen[] {
  return [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

/** Everything that was dropped, folders walked to the bottom. */
export async function fromDrop(items: Iterable<DataTransferItem>): Promise<Chosen[]> {
  // the list is emptied as soon as the event ends, so all entries are taken before the first wait
  const entries = [...items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry());
  const found: Chosen[] = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Chosen[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    found.push({ name: entry.fullPath.replace(/^\//, ""), file });
  } else if (isFolder(entry)) {
    for (const child of await everyChild(entry)) await walk(child, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

async function everyChild(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // Chrome gives a hundred at a time and an empty list at the end
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return children;
    children.push(...some);
  }
}
