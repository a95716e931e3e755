import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Action } from "../../components/catalog/diff";
import { dotOf } from "../../tools/graph/dot";
import { edgesOf, type FamilyGraph, idOf, upstreamsOf } from "../../tools/graph/family-graph";
import { pageOf } from "../../tools/graph/page";
import { dark, looks } from "../../tools/graph/palette";
import { inlineSvgOf, svgOf } from "../../tools/graph/svg";
import { chain, family, hostile, tower } from "../tools/graph/families";
import { startBrowser } from "./browser";
import { apart, type Box, inside, measure, rgb, stylesOfNodes, touch } from "./drawn";

describe("the drawing of a family in a browser", () => {
  let browser: Browser;
  let folder: string;
  before(async function () {
    const started = await startBrowser();
    if (!started) {
      console.warn("    SKIPPED: no Chromium for this machine; name one in CHROMIUM_PATH");
      return this.skip();
    }
    browser = started;
    folder = mkdtempSync(join(tmpdir(), "strata-graph-"));
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a file as one who was sent it does. Nothing may go wrong in it, and nothing may be asked of a network. */
  async function open(
    name: string,
    content: string,
    look: (page: Page) => Promise<void>,
    options?: BrowserContextOptions,
  ) {
    const file = join(folder, name);
    writeFileSync(file, content);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const wrong: string[] = [];
      page.on("console", (message) => wrong.push(message.text()));
      page.on("pageerror", (error) => wrong.push(String(error)));
      page.on("dialog", (dialog) => wrong.push(dialog.message()));
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      const address = pathToFileURL(file).href;
      await page.goto(address);
      await look(page);
      assert.deepEqual(wrong, []);
      assert.deepEqual(asked, [address]);
    } finally {
      await context.close();
    }
  }

  const openPage = async (graph: FamilyGraph, look: (page: Page) => Promise<void>, options?: BrowserContextOptions) =>
    open("family.html", pageOf(graph, await inlineSvgOf(graph, dotOf(graph, { legend: false }))), look, options);

  for (const [graph, what] of [
    [chain(), "3 layers"],
    [family(100), "100 layers"],
    [tower(100), "100 layers, each on the one before"],
    [family(500), "500 layers"],
  ] as const) {
    it(`shows ${what} that do not overlap, with text that can be read and arrows from the right one to the right one`, () =>
      openPage(graph, async (page) => {
        const { nodes, edges, scale } = await page.evaluate(measure);
        const ids = [
          ...upstreamsOf(graph).map((name) => idOf("upstream", name)),
          ...graph.layers.map(({ name }) => idOf("layer", name)),
        ];
        assert.deepEqual(nodes.map(({ id }) => id).sort(), ids.sort());
        for (const [index, one] of nodes.entries()) {
          for (const other of nodes.slice(index + 1))
            assert.ok(apart(one.box, other.box), `${one.id} overlaps ${other.id}`);
          assert.ok(one.texts.length > 0, one.id);
          for (const { text, box, size } of one.texts) {
            assert.ok(inside(box, one.box), `"${text}" sticks out of ${one.id}: ${JSON.stringify([box, one.box])}`);
            assert.ok(size >= 9, `"${text}" is ${size} px`);
          }
        }
        assert.deepEqual(
          edges.map(({ from, to }) => `${from} ${to}`).sort(),
          edgesOf(graph)
            .map(({ from, to }) => `${from} ${to}`)
            .sort(),
        );
        const boxes = new Map(nodes.map(({ id, box }) => [id, box]));
        for (const { from, to, start, tip } of edges) {
          assert.ok(touch(start, boxes.get(from) as Box, scale), `the arrow from ${from} to ${to} starts elsewhere`);
          assert.ok(touch(tip, boxes.get(to) as Box, scale), `the arrow from ${from} to ${to} ends elsewhere`);
        }
      }));
  }

  it("can be scrolled to each of 500 layers, and fits a window when asked to", () =>
    openPage(family(500), async (page) => {
      for (const { id } of (await page.evaluate(measure)).nodes.filter((_, index) => index % 50 === 0)) {
        await page.locator(`[id="${id}"]`).scrollIntoViewIfNeeded();
        const box = (await page.locator(`[id="${id}"]`).boundingBox()) as Box;
        assert.ok(inside(box, (await page.locator("main").boundingBox()) as Box), id);
      }
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 1280);
      await page.getByRole("button", { name: "Fit" }).click();
      assert.ok(await page.evaluate(() => (document.querySelector("main")?.scrollWidth ?? 0) <= 960));
    }));

  it("begins where something changes, also on a small screen", () =>
    openPage(
      family(100),
      async (page) => {
        const box = (await page.locator("#layer-tooling-3").boundingBox()) as Box;
        assert.ok(inside(box, (await page.locator("main").boundingBox()) as Box));
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
      },
      { viewport: { width: 400, height: 800 } },
    ));

  it("has the colours and borders of the plan, in light and in dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const scheme = (colour: string) => (colorScheme === "light" ? colour : (dark.get(colour) as string));
      const look = async (page: Page) => {
        const seen = new Map<Action, string>();
        const styles = new Map(await page.evaluate(stylesOfNodes));
        for (const { name, action } of family(100).layers) {
          const { fill, line, border } = looks[action as Action];
          assert.deepEqual(styles.get(idOf("layer", name)), {
            fill: rgb(scheme(fill)),
            stroke: rgb(scheme(line)),
            dashed: border === "dashed" || border === "dotted",
            outlines: border === "double" ? 2 : 1,
            text: rgb(scheme("#1f2937")),
          });
          seen.set(action as Action, fill);
        }
        assert.equal(new Set(seen.values()).size, 5);
      };
      await openPage(family(100), look, { colorScheme });
      await open("family.svg", await svgOf(family(100), dotOf(family(100))), look, { colorScheme });
    }
  });

  it("shows why when one points at a layer, and what is beneath and above it", () =>
    openPage(chain(), async (page) => {
      assert.deepEqual(await shownCards(page), ["tooling", "app"]);
      await page.locator("#layer-tooling").hover();
      assert.deepEqual(await shownCards(page), ["tooling"]);
      const card = page.locator("#why-layer-tooling");
      assert.match(await card.innerText(), /M Dockerfile\nM packages\.lock/);
      assert.match(await card.innerText(), /expected: 12 s, 34\.1 MB/);
      assert.equal(await page.locator(".hint").innerText(), "Stands on 2, carries 1");
      await page.locator("#layer-base").hover();
      assert.deepEqual(await shownCards(page), ["base"]);
      await page.mouse.move(1270, 790);
      assert.deepEqual(await shownCards(page), ["tooling", "app"]);
    }));

  it("brings forward what a layer stands on and carries, and nothing else", () =>
    openPage(family(100), async (page) => {
      await page.locator("#layer-tooling-5").hover();
      const { nodes, edges } = related(family(100), "layer-tooling-5");
      const on = await page.evaluate(() => ({
        nodes: [...document.querySelectorAll("svg .node")]
          .filter((node) => getComputedStyle(node).opacity === "1")
          .map(({ id }) => id),
        edges: [...document.querySelectorAll("svg .edge")].filter((edge) => getComputedStyle(edge).opacity === "1")
          .length,
      }));
      assert.deepEqual(on.nodes.sort(), [...nodes].sort());
      assert.equal(on.edges, edges);
    }));

  it("does the same for the keyboard, and for what keeps a layer by a click, Enter or an address", () =>
    openPage(chain(), async (page) => {
      const focused = () => page.evaluate(() => document.activeElement?.id);
      for (let tab = 0; tab < 10 && (await focused()) !== "upstream-debian:3a:trixie-slim"; tab++)
        await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowRight");
      assert.equal(await focused(), "layer-base");
      await page.keyboard.press("ArrowDown");
      assert.equal(await focused(), "layer-tooling");
      assert.deepEqual(await shownCards(page), ["tooling"]);
      assert.equal(await page.locator("#layer-tooling").getAttribute("aria-describedby"), "why-layer-tooling");
      await page.keyboard.press("Enter");
      await page.mouse.move(1270, 790);
      assert.equal(await page.locator("#layer-tooling").getAttribute("aria-pressed"), "true");
      assert.deepEqual(await shownCards(page), ["tooling"]);
      await page.keyboard.press("Escape");
      await page.locator("h1").click();
      assert.deepEqual(await shownCards(page), ["tooling", "app"]);
      await page.locator("#layer-app").click();
      await page.locator("h1").hover();
      assert.deepEqual(await shownCards(page), ["app"]);
    }));

  it("finds a layer by a part of its name", () =>
    openPage(family(100), async (page) => {
      await page.getByRole("searchbox").fill("ion-42");
      assert.deepEqual(await shownCards(page), ["application-42"]);
      const box = (await page.locator("#layer-application-42").boundingBox()) as Box;
      assert.ok(inside(box, (await page.locator("main").boundingBox()) as Box));
      await page.getByRole("searchbox").fill("no such layer");
      assert.deepEqual(await shownCards(page), []);
      assert.equal(await page.locator(".hint").innerText(), "0 found");
    }));

  it("lists everything where scripts are off", () =>
    openPage(
      chain(),
      async (page) => assert.deepEqual(await shownCards(page), ["base", "tooling", "app", "debian:trixie-slim"]),
      { javaScriptEnabled: false },
    ));

  it("shows names and reasons that look like markup as what they are", async () => {
    const layers = hostile.map((words, index) => ({
      ...{
        name: `${index} ${words}`,
        description: words,
        action: "build" as const,
        reasons: [`M ${words}`],
        upstreams: [words],
      },
    }));
    const graph = { title: hostile[0] as string, layers };
    await openPage(graph, async (page) => {
      assert.equal(await page.locator("script").count(), 1);
      assert.equal(await page.locator("img, iframe, [onerror]").count(), 0);
      assert.equal(await page.locator("h1").innerText(), hostile[0]);
      for (const [index, words] of hostile.slice(0, 4).entries()) {
        const reason = page.locator("aside ol > li.build").nth(index).locator("ul li");
        assert.equal(await reason.textContent(), `M ${words}`);
      }
    });
    await open("hostile.svg", await svgOf(graph, dotOf(graph)), async (page) => {
      assert.equal(await page.evaluate(() => document.documentElement.tagName), "svg");
      assert.equal(await page.locator("script, img, parsererror").count(), 0);
      const notes = await page.locator(".node.build > title").allTextContents();
      assert.ok(
        notes.some((note) => note.includes(`M ${hostile[0]}`)),
        notes.join(),
      );
    });
  });

  it("has in the file of its own the reasons, a title and a legend, and is shown as an image", async () => {
    const svg = await svgOf(chain(), dotOf(chain()));
    await open("chain.svg", svg, async (page) => {
      assert.equal(
        await page.locator("#layer-app > title").textContent(),
        "app, rebase, 0.4 s, 0.001 MB\nparent tooling",
      );
      assert.equal(await page.locator("#family-title").textContent(), "Images of stack local");
      const legend = await page.locator("g.graph > text").allTextContents();
      assert.deepEqual(legend, ["Images of stack local", "1 build", "1 rebase", "1 unchanged", "upstream"]);
    });
    const image = `<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;
    writeFileSync(join(folder, "image.html"), image);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(folder, "image.html")).href);
    assert.ok(await page.locator("img").evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 300));
    await page.close();
  });
});

const shownCards = (page: Page) => page.locator("aside ol > li:visible > h2 > a").allTextContents();

/** What belongs to a layer: all that can be reached from it down, and all up, itself too; and how many arrows are on the ways. */
function related(graph: FamilyGraph, id: string): { nodes: Set<string>; edges: number } {
  const way = (from: "from" | "to", to: "from" | "to") => {
    const nodes = new Set([id]);
    for (const node of nodes) for (const edge of edgesOf(graph)) if (edge[from] === node) nodes.add(edge[to]);
    return { nodes, edges: edgesOf(graph).filter((edge) => nodes.has(edge[from])).length };
  };
  const [up, down] = [way("from", "to"), way("to", "from")];
  return { nodes: new Set([...up.nodes, ...down.nodes]), edges: up.edges + down.edges };
}
