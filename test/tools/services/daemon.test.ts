import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { homeAt } from "../../../tools/home";
import { pidText, runningPid, startDaemon } from "../../../tools/services/daemon";
import { withFolder } from "../../components/catalog/folder";

describe("a daemon", () => {
  it("that ends at once leaves the pid file of one that was started since", () =>
    withFolder({}, async (folder) => {
      const home = homeAt(folder);
      for (const path of [home.run, home.logs]) mkdirSync(path);
      // Its own has been written by then.
      const written = 'until read -r pid _ <"$0" && [ "$pid" = $$ ]; do :; done 2>/dev/null';
      const other = `${written}; echo '${pidText(process.pid)}' >"$0"; exit 1`;
      const args = ["-c", other, join(home.run, "some.pid")];
      const daemon = { name: "some", command: "sh", args, healthy: async () => false };
      await assert.rejects(startDaemon(daemon, home), /some ended at once/);
      assert.equal(runningPid("some", home), process.pid);
    }));
});
