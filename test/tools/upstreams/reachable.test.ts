import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { reachable } from "../../../tools/upstreams/reachable";

async function withServer(
  answer: RequestListener,
  test: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("an address is reachable", () => {
  const answering =
    (status: number): RequestListener =>
    (_, response) =>
      void response.writeHead(status).end();

  it("where it answers as a registry does, with or without credentials", async () => {
    for (const status of [200, 401]) {
      await withServer(answering(status), async (url) => assert.equal(await reachable(url), true));
    }
  });

  it("at the second attempt, where the first was lost", async () => {
    let asked = 0;
    const lost: RequestListener = (request, response) =>
      ++asked === 1 ? void request.socket.destroy() : void response.writeHead(200).end();
    await withServer(lost, async (url) => assert.equal(await reachable(url), true));
    assert.equal(asked, 2);
  });

  it("not where a proxy refuses, nothing answers in time, or nobody listens", async () => {
    await withServer(answering(403), async (url) => assert.equal(await reachable(url), false));
    await withServer(
      () => {},
      async (url) => assert.equal(await reachable(url, [200], 50), false),
    );
    let gone = "";
    await withServer(answering(200), async (url) => {
      gone = url;
    });
    assert.equal(await reachable(gone), false);
  });
});
