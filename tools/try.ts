import { homeAt } from "/work/main/tools/home";
import { planTools, serviceTools } from "/work/main/tools/toolchain/tools";
import { installTools } from "/work/main/tools/toolchain/install";
import { startServices, statusOfServices } from "/work/main/tools/services/services";
import { ensureStandIns } from "/work/main/tools/upstreams/stand-ins";
async function main() {
  const home = homeAt();
  const report = (text: string) => process.stdout.write(`${new Date().toISOString().slice(14, 19)} ${text}\n`);
  console.time("tools"); console.log(await installTools([...planTools, ...serviceTools], (t) => { if (Math.random() < 0.01) report(t); })); console.timeEnd("tools");
  console.time("services"); const registry = await startServices(home); console.timeEnd("services");
  console.log(await statusOfServices(home));
  console.time("standins"); console.log(await ensureStandIns("upstreams.yaml", registry, home, report)); console.timeEnd("standins");
}
main();
