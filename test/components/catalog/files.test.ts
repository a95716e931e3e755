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
import { type StagedLayer, stageLayer } from "../../../components/catalog/stage";
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

  it("may have a link to a folder, and a target whose name starts with dots", () => {
    withFolder({ "..data/x": "x" }, (folder) => {
      symlinkSync("..data", join(folder, "current"));
      assert.deepEqual(
        readContextFiles(folder).map((file) => file.path),
        ["..data/x", "current"],
      );
    });
  });

  it("refuse a symbolic link to a file that is ignored", () => {
    withFolder({ ".dockerignore": "secret\n", secret: "s" }, (folder) => {
      symlinkSync("secret", join(folder, "link"));
      assert.throws(() => readContextFiles(folder), /link: points to secret, which is not in the build context/);
    });
  });

  const links: [string, string, RegExp][] = [
    ["nowhere", "missing", /link: points to missing, which is not in the build context/],
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

describe("a staged layer", () => {
  const layerOf = (folder: string) => ({
    name: "x",
    folder,
    dockerfile: "FROM scratch\n",
    files: readContextFiles(folder),
    layers: [],
    upstreams: [],
    runsSteps: false,
    base: undefined,
  });

  it("has in its context just the files that count, with plain modes and one time", () => {
    const files = {
      "from/a/run": "run",
      "from/b": "b",
      "from/.dockerignore": "c",
      "from/c": "c",
      "from/Dockerfile": "",
    };
    withFolder(files, (folder) => {
      const from = join(folder, "from");
      chmodSync(join(from, "a/run"), 0o775);
      chmodSync(join(from, "b"), 0o600);
      symlinkSync("b", join(from, "link"));
      const umask = process.umask(0o077);
      let staged: StagedLayer;
      try {
        staged = stageLayer(layerOf(from), join(folder, "staging"));
      } finally {
        process.umask(umask);
      }
      assert.equal(readFileSync(staged.dockerfile, "utf8"), "FROM scratch\n");
      assert.equal(statSync(staged.dockerfile).mode & 0o777, 0o644);
      const to = staged.context;
      assert.deepEqual(readdirSync(to, { recursive: true }).sort(), ["a", "a/run", "b", "link"]);
      const mode = (path: string) => (statSync(join(to, path)).mode & 0o777).toString(8);
      assert.deepEqual([mode("."), mode("a"), mode("a/run"), mode("b")], ["755", "755", "755", "644"]);
      assert.equal(lstatSync(join(to, "link")).isSymbolicLink() && readlinkSync(join(to, "link")), "b");
      assert.equal(statSync(join(to, "b")).mtime.toISOString(), "2020-01-01T00:00:00.000Z");
      assert.equal(readFileSync(join(to, "a/run"), "utf8"), "run");
    });
  });

  it("lies elsewhere when its contents change, and what a running build reads stays", () => {
    withFolder({ "from/a": "one" }, (folder) => {
      const from = join(folder, "from");
      const one = stageLayer(layerOf(from), join(folder, "staging"));
      assert.deepEqual(stageLayer(layerOf(from), join(folder, "staging")), one);
      writeFileSync(join(from, "a"), "two");
      const two = stageLayer(layerOf(from), join(folder, "staging"));
      assert.notEqual(two.context, one.context);
      assert.equal(readFileSync(join(one.context, "a"), "utf8"), "one");
      assert.equal(readFileSync(join(two.context, "a"), "utf8"), "two");
      assert.equal(readdirSync(join(folder, "staging/x")).length, 2, "nothing unfinished is left");
    });
  });
});
