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
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type CatalogLayer, readCatalog } from "../../../components/catalog/catalog";
import { type ContextFile, filesText } from "../../../components/catalog/files";
import { type Staged, stageLayer } from "../../../components/catalog/stage";
import { withFolder } from "./folder";

const everything = "FROM scratch\nCOPY . /\n";
const files = { "image/Dockerfile": everything, "image/Dockerfile.dockerignore": "Dockerfile*\n" };

/** The only layer of a family, whose folder is `image`. */
function layerOf(folder: string): CatalogLayer {
  const source = { images: folder, upstreams: new Map(), pinsFile: "upstreams.yaml", platforms: ["linux/amd64"] };
  return readCatalog(source)[0] as CatalogLayer;
}

/** The layer staged, with its files. */
function laidOut(folder: string): Staged {
  const { layOut, ...staged } = stageLayer(layerOf(folder), join(folder, ".staging"));
  layOut();
  return staged;
}

const text = (folder: string) => filesText(layerOf(folder).files);
const paths = (folder: string) => layerOf(folder).files.map((file) => file.path);

describe("the files of a context", () => {
  it("are lines of hash, mode and path, sorted", () => {
    withFolder({ ...files, "image/b.txt": "b\n", "image/a/run": "a\n" }, (folder) => {
      chmodSync(join(folder, "image/a/run"), 0o755);
      // sha256sum of "a\n" and "b\n"
      assert.equal(
        text(folder),
        "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7 755 a/run\n" +
          "0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f 644 b.txt\n",
      );
    });
  });

  it("do not change with umask, time and empty folders", () => {
    withFolder({ ...files, "image/a.txt": "a", "image/run": "r" }, (folder) => {
      chmodSync(join(folder, "image/run"), 0o755);
      const before = text(folder);
      chmodSync(join(folder, "image/a.txt"), 0o664);
      chmodSync(join(folder, "image/run"), 0o775);
      mkdirSync(join(folder, "image/empty"));
      assert.equal(text(folder), before);
    });
  });

  it("are only those that a step reads", () => {
    const dockerfile = "FROM scratch\nCOPY a b/*.txt /\nFROM scratch\nCOPY c /\n";
    const all = {
      "image/Dockerfile": dockerfile,
      "image/a/x": "",
      "image/b/1.txt": "",
      "image/b/2.md": "",
      "image/c": "",
    };
    withFolder(all, (folder) => assert.deepEqual(paths(folder), ["c"], "the first stage is not built"));
  });

  it("leave out what the ignore file names, and let <Dockerfile>.dockerignore replace .dockerignore", () => {
    const ignored = {
      "image/Dockerfile": everything,
      "image/.dockerignore": "Dockerfile*\n.dockerignore\n*.md\n!keep.md\nsub/tmp\n",
      ...{ "image/a.md": "", "image/keep.md": "", "image/sub/tmp/x": "", "image/sub/y": "" },
    };
    withFolder(ignored, (folder) => {
      assert.deepEqual(paths(folder), ["keep.md", "sub/y"]);
      writeFileSync(join(folder, "image/Dockerfile.dockerignore"), "sub\nD*\n.d*\n");
      assert.deepEqual(paths(folder), ["a.md", "keep.md"]);
    });
  });

  it("count a symbolic link by its target's path", () => {
    withFolder({ ...files, "image/a.txt": "a", "image/b.txt": "b" }, (folder) => {
      symlinkSync("a.txt", join(folder, "image/link"));
      assert.match(text(folder), /^[0-9a-f]{64} link link$/m);
    });
  });

  it("may have a link to a folder, and a target whose name starts with dots", () => {
    withFolder({ ...files, "image/..data/x": "x" }, (folder) => {
      symlinkSync("..data", join(folder, "image/current"));
      assert.deepEqual(paths(folder), ["..data/x", "current"]);
    });
  });

  const links: [string, string, RegExp][] = [
    ["nowhere", "missing", /link: points to missing, where nothing is/],
    ["to itself", "link", /link: points to link, where nothing is/],
    ["out of the context", "../../etc/passwd", /outside the build context/],
    ["to an absolute path", "/etc/passwd", /outside the build context/],
  ];
  for (const [where, target, message] of links) {
    it(`refuse a symbolic link that points ${where}`, () => {
      withFolder(files, (folder) => {
        symlinkSync(target, join(folder, "image/link"));
        assert.throws(() => layerOf(folder), { name: "InputError", message });
      });
    });
  }

  it("refuse a symbolic link to a file that is ignored", () => {
    const ignored = { ...files, "image/Dockerfile.dockerignore": "secret\n", "image/secret": "s" };
    withFolder(ignored, (folder) => {
      symlinkSync("secret", join(folder, "image/link"));
      assert.throws(() => layerOf(folder), /link: points to secret, where nothing is, or nothing that is not ignored/);
    });
  });

  it("are found through links that lead on and on", () => {
    withFolder({ "image/Dockerfile": "FROM scratch\nCOPY a /\n" }, (folder) => {
      symlinkSync("a/d", join(folder, "image/a"));
      assert.throws(() => layerOf(folder), {
        name: "InputError",
        message: /points to a\/d, where nothing is/,
      });
    });
  });

  it("do not mind a link that no step reads", () => {
    withFolder({ "image/Dockerfile": "FROM scratch\nCOPY a /\n", "image/a": "" }, (folder) => {
      symlinkSync("missing", join(folder, "image/link"));
      assert.deepEqual(paths(folder), ["a"]);
    });
  });
});

describe("the text of many files", () => {
  const file = (path: string, hash = "0"): ContextFile => ({ path, mode: "644", hash: hash.repeat(64) });
  const many = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => file(`${prefix}${index}`));

  it("has folders in the place of what is in them, small ones opened first", () => {
    const lines = filesText([file("a"), ...many("big/", 8), ...many("small/", 3)], 6)
      .trimEnd()
      .split("\n");
    assert.deepEqual(
      lines.map((line) => line.slice(65)),
      ["644 a", "tree big/", "644 small/0", "644 small/1", "644 small/2"],
    );
  });

  it("changes with each file that a folder stands for", () => {
    const before = [...many("big/", 8)];
    const after = [...before.slice(0, 7), file("big/7", "1")];
    assert.notEqual(filesText(after, 5), filesText(before, 5));
    assert.equal(filesText(after, 5).split("\n").length, 2);
  });
});

describe("a staged layer", () => {
  it("has in its context just the files that count, with plain modes and one time", () => {
    const all = { "image/a/run": "run", "image/b": "b", "image/c": "c" };
    withFolder({ ...all, "image/Dockerfile": "FROM scratch\n\n# b\nCOPY a b li* /\n" }, (folder) => {
      const from = join(folder, "image");
      chmodSync(join(from, "a/run"), 0o775);
      chmodSync(join(from, "b"), 0o600);
      symlinkSync("b", join(from, "link"));
      const umask = process.umask(0o077);
      let staged: Staged;
      try {
        staged = laidOut(folder);
      } finally {
        process.umask(umask);
      }
      assert.equal(readFileSync(staged.dockerfile, "utf8"), "FROM scratch\nCOPY a b li* /\n");
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

  it("has no files before it is laid out, and all of them from then on", () => {
    withFolder({ ...files, "image/a": "a" }, (folder) => {
      const { context, dockerfile, layOut } = stageLayer(layerOf(folder), join(folder, ".staging"));
      assert.deepEqual(readdirSync(context), []);
      assert.equal(readFileSync(dockerfile, "utf8"), everything);
      layOut();
      const { ino } = statSync(context);
      layOut();
      assert.equal(statSync(context).ino, ino, "what a running build reads is not written again");
      assert.equal(stageLayer(layerOf(folder), join(folder, ".staging")).context, context);
      assert.equal(readFileSync(join(context, "a"), "utf8"), "a");
      assert.deepEqual(readdirSync(join(folder, ".staging/.unfinished")), []);
    });
  });

  it("takes no file that has changed since the plan was made", () => {
    withFolder({ ...files, "image/a": "one" }, (folder) => {
      const { context, layOut } = stageLayer(layerOf(folder), join(folder, ".staging"));
      writeFileSync(join(folder, "image/a"), "two");
      assert.throws(layOut, /image\/a.*: changes while it is being read; wait for what writes it, and try again/s);
      assert.deepEqual(readdirSync(context), []);
      assert.deepEqual(readdirSync(join(folder, ".staging/.unfinished")), []);
      writeFileSync(join(folder, "image/a"), "one");
      layOut();
      assert.equal(readFileSync(join(context, "a"), "utf8"), "one");
    });
  });

  it("lies elsewhere when its contents change, and what a running build reads stays", () => {
    withFolder({ ...files, "image/a": "one" }, (folder) => {
      const stage = () => laidOut(folder);
      const one = stage();
      assert.deepEqual(stage(), one);
      writeFileSync(join(folder, "image/a"), "two");
      const two = stage();
      assert.notEqual(two.context, one.context);
      assert.equal(readFileSync(join(one.context, "a"), "utf8"), "one");
      assert.equal(readFileSync(join(two.context, "a"), "utf8"), "two");
      assert.equal(readdirSync(join(folder, ".staging/image")).length, 2, "nothing unfinished is left");
    });
  });

  it("stays the same when only comments, blank lines and indentation of the Dockerfile change", () => {
    const dockerfile = (text: string) => ({ "image/Dockerfile": text, "image/a": "a" });
    const staged = (text: string) => withFolder(dockerfile(text), (folder) => laidOut(folder).context.slice(-30));
    assert.equal(staged("FROM scratch\nCOPY a /\n"), staged("# why\n\nFROM scratch  \n  COPY a /\n# end\n"));
  });

  it("shares unchanged files between versions, but not within one, where two links would become links in the image", () => {
    withFolder({ ...files, "image/a": "same", "image/b": "same", "image/c": "1" }, (folder) => {
      const stage = () => laidOut(folder).context;
      const inode = (path: string) => statSync(path).ino;
      const one = stage();
      writeFileSync(join(folder, "image/c"), "2");
      const two = stage();
      assert.equal(inode(join(one, "a")), inode(join(two, "a")));
      assert.notEqual(inode(join(two, "a")), inode(join(two, "b")));
      assert.notEqual(inode(join(two, "a")), inode(join(folder, "image/a")), "an edit must not reach what was staged");
    });
  });

  it("keeps the last three versions, and those that were used a short while ago", () => {
    withFolder({ ...files, "image/a": "" }, (folder) => {
      const stage = (version: number, used: Date) => {
        writeFileSync(join(folder, "image/a"), `${version}`);
        const made = dirname(laidOut(folder).context);
        utimesSync(made, used, used);
        return basename(made);
      };
      const versions = () => readdirSync(join(folder, ".staging/image")).sort();
      const kept = [0, 1, 2, 3, 4].map((version) => stage(version, new Date(version * 1000)));
      assert.deepEqual(versions(), kept.slice(2).sort());
      // Used again, a version is young again.
      writeFileSync(join(folder, "image/a"), "2");
      laidOut(folder);
      const more = [5, 6].map((version) => stage(version, new Date()));
      assert.deepEqual(versions(), [kept[2], ...more].sort());
    });
  });

  it("has the folders that a step names and that are empty", () => {
    withFolder({ "image/Dockerfile": "FROM scratch\nCOPY spool /spool\n" }, (folder) => {
      mkdirSync(join(folder, "image/spool"));
      const { context } = laidOut(folder);
      assert.deepEqual(readdirSync(context), ["spool"]);
    });
  });
});
