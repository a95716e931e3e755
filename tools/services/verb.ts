import { type Command, InvalidArgumentError } from "commander";
import { homeAt } from "../home";
import { table } from "../terminal";
import { installRunc, installTools } from "../toolchain/install";
import { serviceTools } from "../toolchain/tools";
import { jsonOption, print, toStderr } from "../verb";
import { resetServices, startServices, statusOfServices, stopServices } from "./services";

/** `strata services`: this machine's own BuildKit and registry. */
export function addServices(program: Command): void {
  const home = homeAt();
  const services = program.command("services").description("the BuildKit and the registry of this machine");

  services
    .command("start")
    .description("start what does not run")
    .option("--registry-port <port>", "kept for the next time (first 5443)", toPort)
    .option(...jsonOption)
    .action(async (options: { registryPort?: number; json?: true }) => {
      await installTools(serviceTools, toStderr);
      await installRunc(toStderr);
      const registry = await startServices(home, options.registryPort);
      print(options, { registry }, `The registry is ${registry}; logs are in ${home.logs}`);
    });

  services
    .command("stop")
    .description("end both; images and caches stay")
    .option(...jsonOption)
    .action(async (options: { json?: true }) => {
      const stopped = await stopServices(home);
      print(options, { stopped }, stopped.length > 0 ? `Stopped ${stopped.join(" and ")}` : "Nothing was running");
    });

  services
    .command("status")
    .description("what runs; exits with 1 where something does not")
    .option(...jsonOption)
    .action(async (options: { json?: true }) => {
      const status = await statusOfServices(home);
      const rows = status.map(({ name, running, healthy, pid, log }) => [
        name,
        healthy ? "healthy" : running ? "does not answer" : "stopped",
        String(pid ?? "–"),
        log,
      ]);
      print(options, { services: status }, table(["service", "state", "pid", "log"], rows));
      process.exitCode = status.every((service) => service.healthy) ? 0 : 1;
    });

  services
    .command("reset")
    .description("throw images, caches and stand-ins away; Pulumi's state stays")
    .option(...jsonOption)
    .action(async (options: { json?: true }) => {
      await resetServices(home);
      print(options, { reset: true }, "Images and caches are gone; npm start makes them again");
    });
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new InvalidArgumentError("expected a number from 1 to 65535");
}
