import { createCipheriv } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Family, lineAt } from "./family";
import { lines, writeFiles } from "./written";

const bytesEach = 50_000;
const foldersOf = 20;

/** A layer that copies a large context: files of 50 kB that do not compress, the same ones every time. @param files how many */
export function bigFamily(name: string, files: number): Family {
  return {
    name,
    write: (project) => {
      writeFiles(project, { "images/big/Dockerfile": lines("FROM scratch", "COPY --link data/ /data/") });
      const stream = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
      const zeros = Buffer.alloc(bytesEach);
      for (let file = 0; file < files; file++) {
        const folder = join(project, "images/big/data", `d${file % foldersOf}`);
        if (file < foldersOf) mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `f${file}`), stream.update(zeros));
      }
      writeFiles(project, { "images/big/data/note": lines("A note") });
    },
    changes: {
      file: { edits: [lineAt("images/big/data/note", "%s")], reaches: ["big"] },
      nothing: { edits: [], reaches: [] },
    },
  };
}
