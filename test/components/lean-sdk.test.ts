import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { root } from "../../tools/home";
import { planTools } from "../../tools/toolchain/tools";

describe("the SDK without what serves nothing here", function () {
  this.timeout(60_000);

  it("is loaded before anything of Pulumi's", () => {
    const { runtime } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
    assert.equal(runtime.options.nodeargs, preloads.join(" "));
    // And where a host is built that does not read this.
    const flags = planTools.flatMap(({ flags = [] }) => flags);
    assert.ok(flags.includes(`-nodeargs=${preloads.join(" ")}`), String(flags));
  });

  it("loads nothing of tracing for a program, nor what tells lines of sources, unless asked to", async () => {
    const told = `
      const trace = require("@pulumi/pulumi/cmd/run/tracing");
      const span = trace.newSpan("a part");
      span.addEvent("something");
      span.end();
      const loaded = (name) => Object.keys(require.cache).some((file) => file.includes(name));
      print({ tracing: loaded("node_modules/@opentelemetry/sdk-trace-base"), lines: loaded("node_modules/source-map/") });
    `;
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert.deepEqual(await inProgram(told), { tracing: false, lines: false });
    assert.deepEqual(await inProgram(told, { PULUMI_EXPERIMENTAL: "1" }), { tracing: true, lines: false });
    assert.deepEqual(await inProgram(told, { TRACEPARENT: traceparent }), { tracing: true, lines: true });
    assert.deepEqual(await inProgram(told, { STRATA_DEBUG: "1" }), { tracing: true, lines: true });
  });

  it("reads YAML when something asks for it, which then works", async () => {
    const told = await inProgram(`
      const loaded = () => Object.keys(require.cache).some((file) => /js-yaml.lib.loader/.test(file));
      const sdk = require("node:module").createRequire(require.resolve("@pulumi/pulumi/package.json"));
      const before = loaded();
      print({ before, read: sdk("js-yaml").load("a: 1"), after: loaded() });
    `);
    assert.deepEqual(told, { before: false, read: { a: 1 }, after: true });
  });

  it("makes no message of each value that goes to the engine, unless asked to", async () => {
    const told = `
      const { Struct } = require("google-protobuf/google/protobuf/struct_pb");
      print({ messages: Struct.fromJavaScript({ name: "l0" }).toArray().flat().length > 0 });
    `;
    assert.deepEqual(await inProgram(told), { messages: false });
    assert.deepEqual(await inProgram(told, { STRATA_DEBUG: "1" }), { messages: true });
  });

  it("does not turn V8's debugger on until something asks it, which then works", async () => {
    const told = await inProgram(`
      const hooks = require("@pulumi/pulumi/runtime/closure/v8Hooks");
      const inspects = () => process.moduleLoadList.includes("NativeModule inspector");
      await hooks.isInitializedAsync();
      const before = inspects();
      const session = await hooks.getSessionAsync();
      print({ before, after: inspects(), session: typeof session.post });
    `);
    assert.deepEqual(told, { before: false, after: true, session: "function" });
  });

  it("loads zod's messages in other languages when something asks for them, which then works", async () => {
    const told = await inProgram(`
      const { z } = require("zod");
      const loaded = () => Object.keys(require.cache).some((file) => /locales.fr/.test(file));
      const before = loaded();
      const own = z.string().safeParse(1).error.issues[0].message;
      z.config(z.locales.fr());
      print({ before, own, after: z.string().safeParse(1).error.issues[0].message });
    `);
    assert.equal(told.before, false);
    assert.match(String(told.own), /^Invalid input: expected string/);
    assert.match(String(told.after), /^Entrée invalide/);
  });

  it("loads npm's reader of packages when something uses it, which then works", async () => {
    const { before, paths, after } = await inProgram(`
      const loaded = () => Object.keys(require.cache).some((file) => /arborist.lib.arborist.index/.test(file));
      const before = loaded();
      const paths = [...(await pulumi.runtime.computeCodePaths()).keys()];
      print({ before, after: loaded(), paths });
    `);
    assert.equal(before, false);
    assert.equal(after, true);
    assert.ok(
      (paths as string[]).some((path) => path.includes("node_modules/zod")),
      String(paths),
    );
  });

  it("loads the Automation API when something uses it, which then works", async () => {
    const told = await inProgram(`
      const loaded = () => Object.keys(require.cache).some((file) => /automation.localWorkspace/.test(file));
      const before = loaded();
      const { name } = pulumi.automation.LocalWorkspace;
      print({ before, after: loaded(), name, same: pulumi.automation.Stack === require("@pulumi/pulumi/automation").Stack });
    `);
    assert.deepEqual(told, { before: false, after: true, name: "LocalWorkspace", same: true });
  });

  it("loads TypeScript when something uses it, which then works", async () => {
    const told = await inProgram(`
      const loaded = () => Object.keys(require.cache).some((file) => /typescript.lib.typescript/.test(file));
      const before = loaded();
      const { text } = await pulumi.runtime.serializeFunction(() => 6 * 7);
      print({ before, after: loaded(), text });
    `);
    assert.equal(told.before, false);
    assert.equal(told.after, true);
    assert.match(String(told.text), /6 \* 7/);
  });

  it("tells the lines of TypeScript where stacks are asked for, also in Pulumi's process", async () => {
    const { stack } = await inProgram(
      `
      try { require("./components/naming").placeOf(); } catch (error) { print({ stack: error.stack }); }
    `,
      { STRATA_DEBUG: "1" },
    );
    const [, line] = /placeOf .*naming\.ts:(\d+):/.exec(String(stack)) ?? [];
    const source = readFileSync(join(root, "components/naming.ts"), "utf8").split("\n");
    assert.match(source[Number(line) - 1] ?? "", /template/);
  });

  it("tells the engine nothing of level debug, unless asked to", async () => {
    const told = `
      let messages = 0;
      const { LocalStore, asyncLocalStorage = global.asyncLocalStorage } = require("@pulumi/pulumi/runtime/state");
      const store = new LocalStore();
      store.settings.engine = { log: (message, done) => { messages++; done(); } };
      await asyncLocalStorage.run(store, async () => {
        await pulumi.log.debug("of no use");
        await pulumi.log.info("of use");
      });
      print({ messages });
    `;
    assert.deepEqual(await inProgram(told), { messages: 1 });
    assert.deepEqual(await inProgram(told, { STRATA_DEBUG: "1" }), { messages: 2 });
  });

  it("takes no stack for a resource, unless asked to", async () => {
    const taken = "print({ frames: pulumi.Resource.stackTrace(0).length > 0 });";
    assert.deepEqual(await inProgram(taken), { frames: false });
    assert.deepEqual(await inProgram(taken, { STRATA_DEBUG: "1" }), { frames: true });
  });
});

const preloads = ["--require", "./components/typescript.cjs", "--require", "./components/lean-sdk.ts"];

async function inProgram(body: string, env: Record<string, string> = {}): Promise<Record<string, unknown>> {
  // What comes before pulumi is as Pulumi does it before the program.
  const program = `
    require("source-map-support/register");
    require("@pulumi/pulumi/cmd/run/tracing");
    const pulumi = require("@pulumi/pulumi");
    const print = (value) => process.stdout.write(JSON.stringify(value));
    (async () => {${body}})();
  `;
  const { stdout } = await execa("node", [...preloads, "-e", program], {
    cwd: root,
    env,
    timeout: 50_000,
  });
  return JSON.parse(stdout);
}
