import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { filesText, readContextFiles } from "../../../components/catalog/files";
import { stageContext } from "../../../components/catalog/stage";
import { withFolder } from "./folder";

const text = (folder: string) => filesText(readContextFiles(folder));

describe("the files of a context", () => {
  it("are lines of hash, mode and path, sorted, without the Dockerfile", () => {
    withFolder({ Dockerfile: "FROM scratch", "b.txt": "b\n", "a/run": "a\n" }, (folder) => {
      chmodSync(join(folder, "a/run"), 0o755);
      // sha256sum of "a\n" and "b\n"
      assert.equal(
        text(folder),
        "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7 755 a/run\n" +
          "0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f 644 b.txt\n",
      );
    });
  });

  it("do not change with umask, time and empty folders", () => {
    withFolder({ "a.txt": "a", run: "r" }, (folder) => {
      chmodSync(join(folder, "run"), 0o755);
      const before = text(folder);
      chmodSync(join(folder, "a.txt"), 0o664);
      chmodSync(join(folder, "run"), 0o775);
      mkdirSync(join(folder, "empty"));
      assert.equal(text(folder), before);
    });
  });

  it("leave out what the ignore file names, and let <Dockerfile>.dockerignore replace .dockerignore", () => {
    withFolder(
      { ".dockerignore": "*.md\n!keep.md\nsub/tmp\n", "a.md": "", "keep.md": "", "sub/tmp/x": "", "sub/y": "" },
      (folder) => {
        const paths = () => readContextFiles(folder).map((file) => file.path);
        assert.deepEqual(paths(), ["keep.md", "sub/y"]);
        writeFileSync(join(folder, "Dockerfile.dockerignore"), "sub\n");
        assert.deepEqual(paths(), ["a.md", "keep.md"]);
      },
    );
  });

  it("count a symbolic link by its target's path", () => {
    withFolder({ "a.txt": "a", "b.txt": "b" }, (folder) => {
      symlinkSync("a.txt", join(folder, "link"));
      assert.match(text(folder), /^[0-9a-f]{64} link link$/m);
    });
  });

  const links: [string, string, RegExp][] = [
    ["nowhere", "missing", /link: points to missing, which does not exist/],
    ["out of the context", "../../etc/passwd", /outside the build context/],
    ["to an absolute path", "/etc/passwd", /outside the build context/],
  ];
  for (const [where, target, message] of links) {
    it(`refuse a symbolic link that points ${where}`, () => {
      withFolder({}, (folder) => {
        symlinkSync(target, join(folder, "link"));
        assert.throws(() => readContextFiles(folder), { name: "InputError", message });
      });
    });
  }
});

describe("a staged context", () => {
  it("has just the files that count, with plain modes and one time, and nothing of what was there before", () => {
    withFolder(
      { "from/a/run": "run", "from/b": "b", "from/.dockerignore": "c", "from/c": "c", "to/old": "old" },
      (folder) => {
        chmodSync(join(folder, "from/a/run"), 0o775);
        chmodSync(join(folder, "from/b"), 0o600);
        symlinkSync("b", join(folder, "from/link"));
        const from = join(folder, "from");
        const to = join(folder, "to");
        const layer = {
          name: "x",
          folder: from,
          dockerfile: "FROM scratch\n",
          files: readContextFiles(from),
          layers: [],
          upstreams: [],
          base: undefined,
        };
        const umask = process.umask(0o077);
        try {
          stageContext(layer, to);
        } finally {
          process.umask(umask);
        }
        assert.deepEqual(readdirSync(to, { recursive: true }).sort(), ["Dockerfile", "a", "a/run", "b", "link"]);
        const mode = (path: string) => (statSync(join(to, path)).mode & 0o777).toString(8);
        assert.deepEqual(
          [mode("."), mode("a"), mode("a/run"), mode("b"), mode("Dockerfile")],
          ["755", "755", "755", "644", "644"],
        );
        assert.equal(lstatSync(join(to, "link")).isSymbolicLink() && readlinkSync(join(to, "link")), "b");
        assert.equal(statSync(join(to, "b")).mtime.toISOString(), "2020-01-01T00:00:00.000Z");
        assert.equal(readFileSync(join(to, "a/run"), "utf8"), "run");
      },
    );
  });
});
